#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/process/posix_runner.h"
#include "sb/process/supervision.h"
#include "sb/testing/git_repo.h"
#include "sb/testing/git_sandbox.h"
#include "sb/workspace/workspace_commands.h"

#include "house.h"

namespace sb::workspace {

/// One life of a server that makes workspaces: everything of House, real git and real supervisors
/// (this very program in its other mode).
class CommandsHouse {
 public:
  explicit CommandsHouse(std::filesystem::path database, CommandOptions options = {})
      : house(std::move(database)), options_(std::move(options)) {
    start();
  }
  ~CommandsHouse() { stop(); }
  CommandsHouse(const CommandsHouse&) = delete;
  CommandsHouse& operator=(const CommandsHouse&) = delete;

  void start() {
    supervision_ = std::make_unique<process::Supervision>();
    processes_ = std::make_unique<process::PosixRunner>();
    workers_ = std::make_unique<WorkerPool>(2);
    WorkspacePorts ports;
    ports.setup_command = [this](const std::string& worktree) -> Result<std::vector<std::string>> {
      if (script.empty()) return fail(ErrorCode::not_found, "there is none");
      (void)worktree;
      return std::vector<std::string>{"/bin/sh", "-c", script};
    };
    ports.halt = [this](const model::WorkspaceId&, std::function<void()> done) {
      on_halt ? on_halt(std::move(done)) : house.loop().post(std::move(done));
    };
    ports.release = [this](const model::WorkspaceId& id, std::function<void()> done) {
      released.push_back(id);
      on_release ? on_release(std::move(done)) : house.loop().post(std::move(done));
    };
    commands_ = std::make_unique<WorkspaceCommands>(
        WorkspaceCommands::Deps{house.loop(), *workers_, *processes_, *supervision_,
                                house.service(), random_, Logger()},
        std::move(ports), options_);
  }
  /// Ends as if killed: nothing is written any more.
  void stop() {
    commands_.reset();
    workers_.reset();
    supervision_.reset();
    house.loop().run_ready();
  }
  void restart() {
    stop();
    house.restart();
    start();
    commands_->begin();
  }

  using Row = Result<WorkspaceRow>;
  Row create(const model::ProjectId& project, const std::string& name,
             std::optional<std::string> branch = {}, std::optional<std::string> from = {}) {
    return house.loop().wait_for<Row>([&](auto done) {
      commands_->create({project, name, std::move(branch), std::move(from)}, std::move(done));
    });
  }
  Row retry(const model::WorkspaceId& id) {
    return house.loop().wait_for<Row>([&](auto done) { commands_->retry(id, std::move(done)); });
  }
  Result<void> archive(const model::WorkspaceId& id, ArchiveOrder order = {}) {
    return house.loop().wait_for<Result<void>>(
        [&](auto done) { commands_->archive(id, order, std::move(done)); });
  }
  Result<Archived> archived(const model::ProjectId& id) {
    return house.loop().wait_for<Result<Archived>>(
        [&](auto done) { house.service().archived(id, std::move(done)); });
  }
  Row put_back(const model::WorkspaceId& id) {
    return house.loop().wait_for<Row>([&](auto done) { commands_->put_back(id, std::move(done)); });
  }
  Result<OutputPiece> output(const model::WorkspaceId& id, std::uint64_t from = 0) {
    return house.loop().wait_for<Result<OutputPiece>>(
        [&](auto done) { commands_->output(id, from, 1U << 20U, std::move(done)); });
  }
  /// Creates one and waits until it is READY or FAILED.
  WorkspaceRow made(const model::ProjectId& project, const std::string& name,
                    std::optional<std::string> branch = {}, std::optional<std::string> from = {}) {
    const auto row = create(project, name, std::move(branch), std::move(from));
    EXPECT_TRUE(row) << row.error().message;
    return settled(row->id);
  }
  /// The newest row told of a workspace once it is READY or FAILED.
  WorkspaceRow settled(const model::WorkspaceId& id) {
    using enum model::WorkspaceStatus;
    EXPECT_TRUE(house.loop().run_until([&] {
      const auto row = told(id);
      return row && (row->status == READY || row->status == FAILED);
    }));
    return told(id).value_or(WorkspaceRow{});
  }
  bool wait_for(const model::WorkspaceId& id, model::WorkspaceStatus status) {
    return house.loop().run_until([&] {
      const auto row = told(id);
      return row && row->status == status;
    });
  }
  /// The newest row told of a workspace; nothing once its removal was told.
  [[nodiscard]] std::optional<WorkspaceRow> told(const model::WorkspaceId& id) const {
    std::optional<WorkspaceRow> found;
    for (const auto& event : house.events) {
      if (const auto* changed = std::get_if<WorkspaceChanged>(&event)) {
        if (changed->row.id == id) found = changed->row;
      } else if (const auto* removed = std::get_if<WorkspaceRemoved>(&event)) {
        if (removed->id == id) found.reset();
      }
    }
    return found;
  }
  /// The statuses told of a workspace, each once.
  [[nodiscard]] std::vector<model::WorkspaceStatus> statuses(const model::WorkspaceId& id) const {
    std::vector<model::WorkspaceStatus> list;
    for (const auto& changed : house.told<WorkspaceChanged>()) {
      if (changed.row.id == id && (list.empty() || list.back() != changed.row.status)) {
        list.push_back(changed.row.status);
      }
    }
    return list;
  }

  WorkspaceCommands& commands() { return *commands_; }

  House house;
  std::string script;  ///< what the worktree "configures"
  std::vector<model::WorkspaceId> released;
  std::function<void(std::function<void()>)> on_halt;
  std::function<void(std::function<void()>)> on_release;

 private:
  CommandOptions options_;
  SystemRandom random_;
  std::unique_ptr<process::Supervision> supervision_;
  std::unique_ptr<process::PosixRunner> processes_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<WorkspaceCommands> commands_;
};

}  // namespace sb::workspace
