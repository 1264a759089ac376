#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"
#include "sb/workspace/journal.h"
#include "sb/workspace/schema.h"
#include "sb/workspace/workspace_service.h"

namespace sb::workspace {

inline std::unique_ptr<sqlite::Database> open_database(const std::filesystem::path& path) {
  auto database = sqlite::Database::open(path.string());
  if (!database) throw std::runtime_error(database.error().message);
  if (auto done = (*database)->migrate("workspace", migrations()); !done)
    throw std::runtime_error(done.error().message);
  return *std::move(database);
}

/// One life of the server, as far as this room is concerned: real database thread, real workers,
/// the test's loop.
class House {
 public:
  explicit House(std::filesystem::path database) : path_(std::move(database)) { start(); }
  ~House() { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void start() {
    writer_ = std::make_unique<sqlite::Writer>(open_database(path_));
    workers_ = std::make_unique<WorkerPool>(2);
    counter_ = model::OwnCounter();
    service_ = std::make_unique<WorkspaceService>(WorkspaceService::Deps{
        loop_, *workers_, *writer_, loop_.clock(), random_, counter_, Logger()});
    service_->on_event([this](const Event& event) { events.push_back(event); });
    auto loaded = service_->load();
    if (!loaded) throw std::runtime_error(loaded.error().message);
    loaded_ = *std::move(loaded);
  }
  void stop() {
    service_.reset();
    workers_.reset();
    writer_.reset();
    loop_.run_ready();
  }
  /// Ends this life and begins the next with the same file.
  void restart() {
    stop();
    events.clear();
    start();
  }

  // The callbacks of the service as values.
  Result<WorkspaceService::Registration> register_project(
      const std::filesystem::path& path, std::optional<std::string> name = {},
      std::optional<std::string> default_branch = {}) {
    return loop_.wait_for<Result<WorkspaceService::Registration>>([&](auto done) {
      service_->register_project(path.string(), std::move(name), std::move(default_branch),
                                 std::move(done));
    });
  }
  Result<WorkspaceService::Adoption> adopt(const model::ProjectId& id) {
    return loop_.wait_for<Result<WorkspaceService::Adoption>>(
        [&](auto done) { service_->adopt(id, std::move(done)); });
  }
  Result<void> remove_project(const model::ProjectId& id) {
    return loop_.wait_for<Result<void>>(
        [&](auto done) { service_->remove_project(id, std::move(done)); });
  }
  Result<WorkspaceRow> transition(const model::WorkspaceId& id, model::WorkspaceStatus from,
                                  model::WorkspaceStatus to) {
    return loop_.wait_for<Result<WorkspaceRow>>(
        [&](auto done) { service_->transition(id, from, to, std::move(done)); });
  }
  Result<WorkspaceRow> rename(const model::WorkspaceId& id, std::string name) {
    return loop_.wait_for<Result<WorkspaceRow>>(
        [&](auto done) { service_->rename(id, std::move(name), std::move(done)); });
  }
  Contents read() {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    return *std::move(contents);
  }

  /// Registers and returns the project; throws when that fails.
  ProjectRow project(const std::filesystem::path& path) {
    auto registered = register_project(path);
    if (!registered) throw std::runtime_error(registered.error().message);
    return registered->row;
  }
  /// The row of a worktree by its folder's name, as a read finds it now; throws when there is none.
  WorkspaceRow workspace_at(const std::filesystem::path& path) {
    for (const auto& row : read().workspaces) {
      if (row.worktree_path == path.string()) return row;
    }
    throw std::runtime_error("no workspace at " + path.string());
  }
  template <class T>
  std::vector<T> told() const {
    std::vector<T> result;
    for (const auto& event : events) {
      if (const auto* one = std::get_if<T>(&event)) result.push_back(*one);
    }
    return result;
  }

  void sql(const std::string& text) {
    if (!writer_->run([&](sqlite::Database& database) { return database.execute(text); })) {
      throw std::runtime_error(text);
    }
  }

  testing::FakeLoop& loop() { return loop_; }
  WorkspaceService& service() { return *service_; }
  sqlite::Writer& writer() { return *writer_; }
  model::OwnCounter& counter() { return counter_; }
  const Contents& loaded() const { return loaded_; }

  std::vector<Event> events;

 private:
  std::filesystem::path path_;
  testing::FakeLoop loop_;
  SystemRandom random_;
  model::OwnCounter counter_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<WorkspaceService> service_;
  Contents loaded_;
};

using testing::HeldWriter;

}  // namespace sb::workspace
