#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/fs_watch/watcher.h"
#include "sb/process/process_watch.h"
#include "sb/session/schema.h"
#include "sb/session/session_service.h"
#include "sb/sqlite/database.h"
#include "sb/testing/child_process.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

namespace sb::session {

/// Workspaces as a list of folders, innermost wins.
class Folders final : public WorkspaceLocator {
 public:
  void add(std::string folder, std::string workspace) {
    folders_[std::move(folder)] = std::move(workspace);
  }
  [[nodiscard]] std::optional<model::WorkspaceId> at(std::string_view directory) const override {
    std::optional<model::WorkspaceId> found;
    for (const auto& [folder, workspace] : folders_) {  // shorter paths come first
      const bool inside = directory.starts_with(folder) &&
                          (directory.size() == folder.size() || directory[folder.size()] == '/');
      if (inside) found = model::WorkspaceId(workspace);
    }
    return found;
  }

 private:
  std::map<std::string, std::string> folders_;
};

/// One life of the server, as far as this room is concerned: real database thread, real workers,
/// real inotify, real processes, the test's loop.
class House {
 public:
  explicit House(std::filesystem::path root) : root_(std::move(root)) {
    std::filesystem::create_directories(config() / "sessions");
    folders.add(root_.string() + "/wt", "w1");
    start();
  }
  ~House() { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void start() {
    writer_ = std::make_unique<sqlite::Writer>(open(root_));
    workers_ = std::make_unique<WorkerPool>(2);
    watcher_ = std::make_unique<fs_watch::Watcher>(fs_watch::Watcher::Options{});
    processes_ = std::make_unique<process::ProcessWatch>(loop_);
    counter_ = model::OwnCounter();
    std::vector<std::unique_ptr<LevelSource>> levels;
    levels.push_back(std::make_unique<ClaudeStatusFile>(config().string()));
    service_ = std::make_unique<SessionService>(
        SessionService::Deps{loop_, *workers_, *writer_, *processes_, *watcher_, loop_.clock(),
                             counter_, Logger()},
        std::move(levels));
    service_->set_locator(&folders);
    service_->on_event([this](const Event& event) { events.push_back(event); });
    auto loaded = service_->load();
    if (!loaded) throw std::runtime_error(loaded.error().message);
    loaded_ = *std::move(loaded);
    service_->start();
  }
  void stop() {
    service_.reset();
    workers_.reset();
    watcher_.reset();
    processes_.reset();
    writer_.reset();
    loop_.run_ready();
  }
  void restart() {
    stop();
    events.clear();
    start();
  }

  static std::unique_ptr<sqlite::Database> open(const std::filesystem::path& root) {
    auto database = sqlite::Database::open((root / "s.db").string());
    if (!database) throw std::runtime_error(database.error().message);
    if (auto done = (*database)->migrate("session", migrations()); !done)
      throw std::runtime_error(done.error().message);
    return *std::move(database);
  }

  /// A hook of Claude Code; `members` follow the common ones.
  static std::string hook(const std::string& session, const std::string& event,
                          const std::string& members = "", const std::string& cwd = "") {
    return R"({"session_id":")" + session + R"(","hook_event_name":")" + event + "\"" +
           (cwd.empty() ? "" : R"(,"cwd":")" + cwd + "\"") +
           (members.empty() ? "" : "," + members) + "}";
  }
  HookLocators locators(const ProcessIdentity& process) {
    HookLocators made;
    made.order = static_cast<std::uint64_t>(loop_.clock().mono_now().time_since_epoch().count());
    made.process = process;
    return made;
  }
  Result<void> report(const std::string& body, const HookLocators& locators = {}) {
    return loop_.wait_for<Result<void>>(
        [&](auto done) { service_->report("claude", locators, body, std::move(done)); });
  }
  Contents read() {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    return *std::move(contents);
  }
  std::optional<SessionRow> row(const std::string& id) {
    for (auto& row : read().sessions) {
      if (row.id == id) return std::move(row);
    }
    return std::nullopt;
  }
  /// The newest row told of a session.
  [[nodiscard]] std::optional<SessionRow> told(const std::string& id) const {
    std::optional<SessionRow> found;
    for (const auto& event : events) {
      if (const auto* changed = std::get_if<SessionChanged>(&event)) {
        if (changed->row.id == id) found = changed->row;
      } else if (std::get<SessionRemoved>(event).id == id) {
        found.reset();
      }
    }
    return found;
  }
  void status_file(std::int32_t pid, const std::string& text) const {
    const auto path = config() / "sessions" / (std::to_string(pid) + ".json");
    testing::write_file(path.string() + ".tmp", text);
    std::filesystem::rename(path.string() + ".tmp", path);
  }
  bool sql(const std::string& text) {
    return writer_->run([&](sqlite::Database& database) { return database.execute(text, {}); })
        .has_value();
  }

  [[nodiscard]] std::filesystem::path config() const { return root_ / "claude"; }
  [[nodiscard]] std::string worktree() const { return root_.string() + "/wt"; }
  testing::FakeLoop& loop() { return loop_; }
  SessionService& service() { return *service_; }
  sqlite::Writer& writer() { return *writer_; }
  const Contents& loaded() const { return loaded_; }

  std::vector<Event> events;
  Folders folders;

 private:
  std::filesystem::path root_;
  testing::FakeLoop loop_;
  model::OwnCounter counter_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<fs_watch::Watcher> watcher_;
  std::unique_ptr<process::ProcessWatch> processes_;
  std::unique_ptr<SessionService> service_;
  Contents loaded_;
};

using testing::HeldWriter;

}  // namespace sb::session
