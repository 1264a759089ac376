#include "sb/orchestration/run_script_view.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "sb/fs_watch/watcher.h"
#include "sb/orchestration/engine.h"
#include "sb/process/posix_runner.h"
#include "sb/process/supervision.h"
#include "sb/run_script/schema.h"
#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"
#include "sb/workspace/schema.h"

// Run scripts on their way into the store: real SQLite and git. Supervisors are `false`, which ends
// at once, so a run is lost as soon as it was started.

namespace sb::orchestration {
namespace {

using model::Field;

/// One life of a server on a data directory.
class RunScriptLife {
 public:
  explicit RunScriptLife(const std::filesystem::path& data)
      : writer(open(data)), store("life", snapshot::Limits{}) {
    engine.add(make_run_script_view(scripts, engine.own_facts(), engine.directory(), loop.clock(),
                                    Logger()));
  }
  ~RunScriptLife() {
    engine.stop();
    processes.cancel_all();
    workers.stop();
  }
  void start() {
    auto rows = workspaces.load();
    auto kept = journal.load();
    ASSERT_TRUE(rows && kept);
    engine.start(*rows, *kept, [] {});
    ASSERT_TRUE(loop.run_until([&] { return engine.ready(); }));
  }
  model::WorkspaceId add(const std::string& path) {
    auto made = loop.wait_for<Result<Engine::Registered>>([&](auto done) {
      engine.register_project(path, std::nullopt, std::nullopt, std::move(done));
    });
    EXPECT_TRUE(made);
    project = made->project.id;
    return store.ids(project).at(0);
  }
  void pass() {
    EXPECT_TRUE(loop.wait_for<Result<std::uint64_t>>(
        [&](auto done) { engine.reconcile(project, std::move(done)); }));
  }
  void sql(const std::string& text) {
    EXPECT_TRUE(writer.run([&](sqlite::Database& database) { return database.execute(text); }));
  }
  [[nodiscard]] std::string shown(const model::WorkspaceId& id, Field field) const {
    const auto entry = store.entry(id);
    if (!entry) return "absent";
    return std::string(entry->text->member(field).substr(model::field_name(field).size() + 3));
  }
  [[nodiscard]] bool unknown(const model::WorkspaceId& id, std::string_view name) const {
    const std::string text = store.entry(id)->text->complete();
    const auto at = text.find("\"unknownFields\":[");
    return text.substr(at, text.find(']', at) - at).find(name) != std::string::npos;
  }
  [[nodiscard]] double drift(std::string_view field) const {
    const std::string line = "snapboard_drift_total{field=\"" + std::string(field) + "\"} ";
    const std::string text = metrics.text();
    const auto at = text.find(line);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size()));
  }
  void run(const model::WorkspaceId& id) {
    scripts.start(id, "/", std::vector<std::string>{"true"}, [](const auto&) {});
  }

  sb::testing::FakeLoop loop;
  SystemRandom random;
  Metrics metrics;
  model::OwnCounter counter;
  process::Supervision supervision{"/bin/false"};
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
  run_script::RunScriptService scripts{
      {loop, workers, writer, supervision, loop.clock(), random, counter, Logger()}, {}};
  Engine engine{
      {loop, loop.clock(), random, counter, store, workspaces, journal, git, metrics, Logger()},
      EngineOptions{}};
  model::ProjectId project;

 private:
  static std::unique_ptr<sqlite::Database> open(const std::filesystem::path& data) {
    auto database = sqlite::Database::open((data / "test.db").string());
    EXPECT_TRUE(database);
    EXPECT_TRUE((*database)->migrate("workspace", workspace::migrations()));
    EXPECT_TRUE((*database)->migrate("run_script", run_script::migrations()));
    return *std::move(database);
  }
};

class RunScriptViewTest : public ::testing::Test {
 protected:
  sb::testing::TempDir dir;
  const sb::testing::GitRepo repo{dir.path() / "repo"};
};

TEST_F(RunScriptViewTest, AWorkspaceInWhichNothingRanIsKnownToBeIdle) {
  RunScriptLife life(dir.path());
  life.start();
  const auto id = life.add(repo.path().string());
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), R"("IDLE")");
  EXPECT_FALSE(life.unknown(id, "runScriptStatus"));
}

TEST_F(RunScriptViewTest, AnEndIsShownWithoutAPass) {
  RunScriptLife life(dir.path());
  life.start();
  const auto id = life.add(repo.path().string());
  life.run(id);
  EXPECT_TRUE(
      life.loop.run_until([&] { return life.shown(id, Field::runScriptStatus) == R"("FAILED")"; }));
  life.pass();
  EXPECT_EQ(life.drift("runScriptStatus"), 0);
}

TEST_F(RunScriptViewTest, ALostEventIsRepairedByTheNextPassAndCountedAsDrift) {
  RunScriptLife life(dir.path());
  life.start();
  const auto id = life.add(repo.path().string());
  // A commit whose event never came.
  life.sql(
      "INSERT INTO run_script (workspace, status, command, boot, pid, start_ticks, started_at, "
      "stamp) VALUES ('" +
      id.str() + "', 'COMPLETED', '[]', '', 0, 0, 0, 1)");
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), R"("IDLE")");
  life.pass();
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), R"("COMPLETED")");
  EXPECT_EQ(life.drift("runScriptStatus"), 1);
  life.pass();
  EXPECT_EQ(life.drift("runScriptStatus"), 1);
}

TEST_F(RunScriptViewTest, NothingIsShownWhileTheCommitIsHeldOpen) {
  RunScriptLife life(dir.path());
  life.start();
  const auto id = life.add(repo.path().string());
  std::promise<void> entered;
  std::promise<void> release;
  life.writer.submit(
      [&entered, held = release.get_future().share()](sqlite::Database&) {
        entered.set_value();
        held.wait();
        return Result<void>();
      },
      [](const Result<void>&) {});
  entered.get_future().wait();
  life.run(id);
  life.loop.run_ready();
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), R"("IDLE")");
  release.set_value();
  EXPECT_TRUE(
      life.loop.run_until([&] { return life.shown(id, Field::runScriptStatus) == R"("FAILED")"; }));
}

TEST_F(RunScriptViewTest, S_58_WhatACrashLeftRunningIsFailedInTheFirstBaseline) {
  model::WorkspaceId id;
  {
    RunScriptLife life(dir.path());
    life.start();
    id = life.add(repo.path().string());
    life.engine.stop();
    life.sql(
        "INSERT INTO run_script (workspace, status, command, boot, pid, start_ticks, "
        "started_at, stamp) VALUES ('" +
        id.str() + "', 'RUNNING', '[]', '', 0, 0, 0, 1)");
  }
  RunScriptLife life(dir.path());
  life.start();
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), R"("FAILED")");
}

TEST_F(RunScriptViewTest, ARemovedWorkspaceTakesItsRowAlong) {
  RunScriptLife life(dir.path());
  life.start();
  const auto id = life.add(repo.path().string());
  life.run(id);
  ASSERT_TRUE(
      life.loop.run_until([&] { return life.shown(id, Field::runScriptStatus) == R"("FAILED")"; }));
  ASSERT_TRUE(life.loop.wait_for<Result<std::uint64_t>>(
      [&](auto done) { life.engine.remove_project(life.project, std::move(done)); }));
  const auto rows = [&] {
    return life.loop
        .wait_for<Result<run_script::Contents>>(
            [&](auto done) { life.scripts.read(std::move(done)); })
        ->rows.size();
  };
  EXPECT_TRUE(life.loop.run_until([&] { return rows() == 0; }));
  EXPECT_EQ(life.shown(id, Field::runScriptStatus), "absent");
}

}  // namespace
}  // namespace sb::orchestration
