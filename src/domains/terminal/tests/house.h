#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "sb/process/process_watch.h"
#include "sb/sqlite/database.h"
#include "sb/terminal/schema.h"
#include "sb/terminal/terminal_service.h"
#include "sb/testing/child_process.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

namespace sb::terminal {

/// One life of the server, as far as this room is concerned: real database thread and processes,
/// the test's loop. The folder "/w1" is the workspace w1, and so on; "/" is in none.
class House final : public WorkspaceLocator {
 public:
  explicit House(std::filesystem::path database) : path_(std::move(database)) { start(); }
  ~House() override { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  [[nodiscard]] std::optional<model::WorkspaceId> at(std::string_view directory) const override {
    if (directory.size() < 2) return std::nullopt;
    return model::WorkspaceId(std::string(directory.substr(1)));
  }

  void start() {
    auto database = sqlite::Database::open(path_.string());
    if (!database || !(*database)->migrate("terminal", migrations())) {
      throw std::runtime_error("no database");
    }
    writer_ = std::make_unique<sqlite::Writer>(*std::move(database));
    processes_ = std::make_unique<process::ProcessWatch>(loop_);
    counter_ = model::OwnCounter();
    service_ = std::make_unique<TerminalService>(
        TerminalService::Deps{loop_, *writer_, *processes_, loop_.clock(), counter_, Logger()});
    service_->set_locator(this);
    service_->on_event([this](const Event& event) { events.push_back(event); });
    auto loaded = service_->load();
    if (!loaded) throw std::runtime_error(loaded.error().message);
    loaded_ = *std::move(loaded);
    service_->start();
  }
  /// Ends as if killed: nothing is written any more.
  void stop() {
    service_.reset();
    processes_.reset();
    writer_.reset();
    loop_.run_ready();
  }
  void restart() {
    stop();
    events.clear();
    start();
  }

  TerminalReport made(const std::string& id, model::TerminalState state,
                      const std::string& directory = "/w1") {
    TerminalReport report;
    report.id = id;
    report.state = state;
    report.directory = directory;
    report.last_activity_at = loop_.clock().wall_now();
    report.process = own();
    return report;
  }
  Result<void> report(TerminalReport report) {
    return loop_.wait_for<Result<void>>(
        [&](auto done) { service_->report(std::move(report), std::move(done)); });
  }
  Result<void> report(const std::string& id, model::TerminalState state,
                      const std::string& directory = "/w1") {
    return report(made(id, state, directory));
  }
  void release(const std::string& workspace) {
    loop_.wait_for<bool>([&](auto done) {
      service_->release(model::WorkspaceId(workspace), [done = std::move(done)] { done(true); });
    });
  }
  Contents read() {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    return *std::move(contents);
  }
  std::optional<TerminalRow> row(const std::string& id) {
    for (auto& row : read().rows) {
      if (row.id == id) return std::move(row);
    }
    return std::nullopt;
  }
  /// Waits until the newest event of a terminal says that it is in `state`.
  bool told(const std::string& id, model::TerminalState state) {
    return loop_.run_until([&] {
      for (auto event = events.rbegin(); event != events.rend(); ++event) {
        const auto* changed = std::get_if<TerminalChanged>(&*event);
        if (changed != nullptr && changed->row.id == id) return changed->row.state == state;
      }
      return false;
    });
  }
  [[nodiscard]] std::vector<std::string> removed() const {
    std::vector<std::string> ids;
    for (const auto& event : events) {
      if (const auto* gone = std::get_if<TerminalRemoved>(&event)) ids.push_back(gone->id);
    }
    return ids;
  }
  bool sql(const std::string& text) {
    return writer_->run([&](sqlite::Database& database) { return database.execute(text); })
        .has_value();
  }
  static ProcessIdentity own() { return *process::identify(::getpid()); }

  testing::FakeLoop& loop() { return loop_; }
  TerminalService& service() { return *service_; }
  sqlite::Writer& writer() { return *writer_; }
  process::ProcessWatch& processes() { return *processes_; }
  model::OwnCounter& counter() { return counter_; }
  const Contents& loaded() const { return loaded_; }

  std::vector<Event> events;

 private:
  std::filesystem::path path_;
  testing::FakeLoop loop_;
  model::OwnCounter counter_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<process::ProcessWatch> processes_;
  std::unique_ptr<TerminalService> service_;
  Contents loaded_;
};

using testing::HeldWriter;

}  // namespace sb::terminal
