#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "sb/fs_watch/watcher.h"
#include "sb/github/schema.h"
#include "sb/orchestration/engine.h"
#include "sb/process/posix_runner.h"
#include "sb/process/process_watch.h"
#include "sb/process/supervision.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/ratchet/schema.h"
#include "sb/sqlite/database.h"
#include "sb/terminal/schema.h"
#include "sb/terminal/terminal_service.h"
#include "sb/testing/fake_loop.h"
#include "sb/workspace/schema.h"

namespace sb::orchestration {

/// One life of a server on a data directory.
class Life {
 public:
  explicit Life(const std::filesystem::path& data, snapshot::Limits limits = {},
                EngineOptions options = {})
      : writer(open(data)),
        store("life-" + std::to_string(++lives), limits),
        engine({loop, loop.clock(), random, counter, store, workspaces, journal, git, metrics,
                Logger()},
               options) {}
  ~Life() {
    engine.stop();
    processes.cancel_all();
    workers.stop();
  }

  /// Loads, enumerates, and waits until ready.
  bool start() {
    auto rows = workspaces.load();
    auto kept = journal.load();
    EXPECT_TRUE(rows && kept);
    engine.start(*rows, *kept, [] {});
    return loop.run_until([&] { return engine.ready(); });
  }
  Engine::Registered add(const std::string& path) {
    auto made = loop.wait_for<Result<Engine::Registered>>([&](auto done) {
      engine.register_project(path, std::nullopt, std::nullopt, std::move(done));
    });
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return *made;
  }
  /// Lets reads that earlier events asked for come to an end: until nothing was spawned for longer
  /// than a debounce.
  void settle() {
    for (auto before = ~processes.spawned(); before != processes.spawned();) {
      before = processes.spawned();
      (void)loop.run_until([] { return false; }, 2 * git::GitOptions{}.debounce_max);
    }
  }
  Result<std::uint64_t> reconcile(const model::ProjectId& id) {
    return loop.wait_for<Result<std::uint64_t>>(
        [&](auto done) { engine.reconcile(id, std::move(done)); });
  }
  void sql(const std::string& text) {
    EXPECT_TRUE(writer.run([&](sqlite::Database& database) { return database.execute(text, {}); }));
  }
  [[nodiscard]] std::string shown(const model::WorkspaceId& id, model::Field field) const {
    const auto entry = store.entry(id);
    if (!entry) return "absent";
    return std::string(entry->text->member(field).substr(model::field_name(field).size() + 3));
  }
  [[nodiscard]] model::WorkspaceId only(const model::ProjectId& project) const {
    const auto ids = store.ids(project);
    EXPECT_EQ(ids.size(), 1U);
    return ids.at(0);
  }
  [[nodiscard]] double drift(std::string_view field) const {
    const std::string line = "snapboard_drift_total{field=\"" + std::string(field) + "\"} ";
    const std::string text = metrics.text();
    const auto at = text.find(line);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size()));
  }

  sb::testing::FakeLoop loop;
  SystemRandom random;
  Metrics metrics;
  model::OwnCounter counter;
  sqlite::Writer writer;
  snapshot::Store store;
  process::PosixRunner processes;
  fs_watch::Watcher watcher{fs_watch::Watcher::Options{}};
  WorkerPool workers{2};
  workspace::Journal journal{loop, writer, Logger()};
  git::GitService git{{loop, workers, processes, watcher, loop.clock(), counter, metrics, Logger()},
                      git::GitOptions{}};
  workspace::WorkspaceService workspaces{
      {loop, workers, writer, loop.clock(), random, counter, Logger()}};
  process::ProcessWatch process_watch{loop};
  terminal::TerminalService terminals{
      {loop, writer, process_watch, loop.clock(), counter, Logger()}};
  process::Supervision supervision{"/bin/false"};  // whatever it starts is lost at once
  ratchet::RatchetService ratchets{
      {loop, workers, writer, supervision, loop.clock(), random, counter, Logger()},
      ratchet_options()};
  Engine engine;

 private:
  static ratchet::RatchetOptions ratchet_options() {
    ratchet::RatchetOptions options;
    options.command = {"true"};
    return options;
  }
  static std::unique_ptr<sqlite::Database> open(const std::filesystem::path& data) {
    auto database = sqlite::Database::open((data / "test.db").string());
    EXPECT_TRUE(database);
    EXPECT_TRUE((*database)->migrate("workspace", workspace::migrations()));
    EXPECT_TRUE((*database)->migrate("github", github::migrations()));
    EXPECT_TRUE((*database)->migrate("ratchet", ratchet::migrations()));
    EXPECT_TRUE((*database)->migrate("terminal", terminal::migrations()));
    return *std::move(database);
  }
  static inline int lives = 0;
};

}  // namespace sb::orchestration
