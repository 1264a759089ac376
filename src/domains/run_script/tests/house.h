#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/process/supervision.h"
#include "sb/run_script/run_script_service.h"
#include "sb/run_script/schema.h"
#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

namespace sb::run_script {

using Row = Result<RunScriptRow>;

/// One life of the server, as far as this room is concerned: real database thread, workers and
/// supervisors (this very program in its other mode), the test's loop.
class House {
 public:
  explicit House(std::filesystem::path database) : path_(std::move(database)) { start(); }
  ~House() { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void start() {
    auto database = sqlite::Database::open(path_.string());
    if (!database || !(*database)->migrate("run_script", migrations())) {
      throw std::runtime_error("no database");
    }
    supervision_ = std::make_unique<process::Supervision>();
    writer_ = std::make_unique<sqlite::Writer>(*std::move(database));
    workers_ = std::make_unique<WorkerPool>(2);
    counter_ = model::OwnCounter();
    RunScriptOptions options;
    options.grace = testing::kTestDeadline;
    options.port_poll_young = std::chrono::milliseconds(20);
    options.port_poll = std::chrono::milliseconds(50);
    service_ = std::make_unique<RunScriptService>(
        RunScriptService::Deps{loop_, *workers_, *writer_, *supervision_, loop_.clock(), random_,
                               counter_, Logger()},
        options);
    service_->on_event([this](const RunScriptChanged& event) { events.push_back(event.row); });
    auto loaded = service_->load();
    if (!loaded) throw std::runtime_error(loaded.error().message);
    loaded_ = *std::move(loaded);
  }
  /// Ends as if killed: nothing is written any more.
  void stop() {
    service_.reset();
    workers_.reset();
    writer_.reset();
    supervision_.reset();
    loop_.run_ready();
  }
  void restart() {
    stop();
    events.clear();
    start();
  }

  Row run(const std::string& id, const std::string& script) {
    return loop_.wait_for<Row>([&](auto done) {
      service_->start(model::WorkspaceId(id), dir_.path().string(),
                      std::vector<std::string>{"sh", "-c", script}, std::move(done));
    });
  }
  Row run_configured(const std::string& id, const std::string& worktree) {
    return loop_.wait_for<Row>([&](auto done) {
      service_->start(model::WorkspaceId(id), worktree, std::nullopt, std::move(done));
    });
  }
  Row stop_run(const std::string& id) {
    return loop_.wait_for<Row>(
        [&](auto done) { service_->stop(model::WorkspaceId(id), std::move(done)); });
  }
  Result<OutputPiece> output(const std::string& id, std::uint64_t from,
                             std::chrono::milliseconds wait = {}) {
    return loop_.wait_for<Result<OutputPiece>>([&](auto done) {
      service_->output(model::WorkspaceId(id), from, 1U << 20U, wait, std::move(done));
    });
  }
  bool halt(const std::string& id) {
    return loop_.wait_for<bool>([&](auto done) {
      service_->halt(model::WorkspaceId(id), [done = std::move(done)] { done(true); });
    });
  }
  bool release(const std::string& id) {
    return loop_.wait_for<bool>([&](auto done) {
      service_->release(model::WorkspaceId(id), [done = std::move(done)] { done(true); });
    });
  }
  Contents read() {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    return *std::move(contents);
  }
  /// The row of a workspace as a read finds it now.
  std::optional<RunScriptRow> row(const std::string& id) {
    for (const auto& row : read().rows) {
      if (row.workspace.str() == id) return row;
    }
    return std::nullopt;
  }
  /// Waits for an event that puts the workspace into `status`.
  bool told(model::RunScriptStatus status) {
    return loop_.run_until([&] { return !events.empty() && events.back().status == status; });
  }
  [[nodiscard]] std::vector<model::RunScriptStatus> statuses() const {
    std::vector<model::RunScriptStatus> list;
    for (const auto& event : events) {
      if (list.empty() || list.back() != event.status) list.push_back(event.status);
    }
    return list;
  }
  void sql(const std::string& text) {
    EXPECT_TRUE(writer_->run([&](sqlite::Database& database) { return database.execute(text); }));
  }

  testing::FakeLoop& loop() { return loop_; }
  RunScriptService& service() { return *service_; }
  sqlite::Writer& writer() { return *writer_; }
  model::OwnCounter& counter() { return counter_; }
  const Contents& loaded() const { return loaded_; }

  std::vector<RunScriptRow> events;

 private:
  std::filesystem::path path_;
  testing::TempDir dir_;
  testing::FakeLoop loop_;
  SystemRandom random_;
  model::OwnCounter counter_;
  std::unique_ptr<process::Supervision> supervision_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<RunScriptService> service_;
  Contents loaded_;
};

using testing::HeldWriter;

}  // namespace sb::run_script
