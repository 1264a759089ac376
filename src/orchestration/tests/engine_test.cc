#include "sb/orchestration/engine.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// The engine over the real domains: SQLite on its thread, git, inotify. Only the loop's clock can
// be skipped.

namespace sb::orchestration {
namespace {

using model::Field;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class EngineTest : public ::testing::Test {
 protected:
  static model::ExternalEvent event(const std::string& id, model::EventData data,
                                    const std::string& subject = "w") {
    model::ExternalEvent made;
    made.id = id;
    made.source = "agents/one";
    made.workspace = model::WorkspaceId(subject);
    made.data = std::move(data);
    return made;
  }
  static model::ExternalEvent creation(const std::string& id) {
    model::WorkspaceStateChanged state;
    state.projectId = model::ProjectId("external");
    state.status = model::WorkspaceStatus::READY;
    return event(id, std::move(state));
  }
  static std::vector<model::ExternalEvent> one(model::ExternalEvent event) {
    std::vector<model::ExternalEvent> list;
    list.push_back(std::move(event));
    return list;
  }

  sb::testing::TempDir dir;
};

TEST_F(EngineTest, S_55_ARegisteredRepositoryIsOnTheBoardWithItsBranchBeforeAnyProcessRan) {
  const sb::testing::GitRepo repo(dir.path() / "repo");
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto made = life.add((dir.path() / "repo").string());
  EXPECT_TRUE(made.created);
  const auto id = life.only(made.project.id);
  EXPECT_EQ(life.shown(id, Field::branchName), R"("main")");
  EXPECT_EQ(life.shown(id, Field::isMain), "true");
  ASSERT_TRUE(life.loop.run_until([&] { return life.shown(id, Field::gitStats) != "null"; }));
}

TEST_F(EngineTest, S_63_ALostRenameIsRepairedByThePassAndCountedAsDrift) {
  const sb::testing::GitRepo repo(dir.path() / "repo");
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add((dir.path() / "repo").string()).project.id;
  const auto id = life.only(project);
  life.sql("UPDATE workspace SET name = 'renamed behind our back', renamed = 1");
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_EQ(life.shown(id, Field::name), R"("renamed behind our back")");
  EXPECT_EQ(life.drift("name"), 1);
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_EQ(life.drift("name"), 1) << "drift counts corrections that were applied, nothing else";
}

TEST_F(EngineTest, ALostDeletionIsRepairedByThePass) {
  const sb::testing::GitRepo repo(dir.path() / "repo");
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add((dir.path() / "repo").string()).project.id;
  const auto id = life.only(project);
  std::filesystem::remove_all(dir.path() / "repo");
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_NE(life.shown(id, Field::problem), "null")
      << "a vanished repository is shown, not dropped";
  life.sql("DELETE FROM workspace");
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_EQ(life.shown(id, Field::name), "absent");
  EXPECT_EQ(life.drift("removed"), 1);
}

TEST_F(EngineTest, AnIdlePassTakesNoRevisionAndSpawnsNothing) {
  const sb::testing::GitRepo repo(dir.path() / "repo");
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add((dir.path() / "repo").string()).project.id;
  const auto id = life.only(project);
  ASSERT_TRUE(life.loop.run_until([&] { return life.shown(id, Field::gitStats) != "null"; }));
  ASSERT_TRUE(life.reconcile(project));
  life.settle();
  const auto revision = life.store.head();
  const auto spawned = life.processes.spawned();
  for (int pass = 0; pass < 3; ++pass) ASSERT_TRUE(life.reconcile(project));
  EXPECT_EQ(life.store.head(), revision);
  EXPECT_EQ(life.processes.spawned(), spawned);
  EXPECT_EQ(life.engine.reconciliation().last_drift, 0U);
}

TEST_F(EngineTest, PassesComeByThemselves) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  EXPECT_FALSE(life.engine.reconciliation().last_at.has_value());
  life.loop.advance(70s);
  ASSERT_TRUE(
      life.loop.run_until([&] { return life.engine.reconciliation().last_at.has_value(); }));
}

TEST_F(EngineTest, TheViewMovesAtOnceAndTheAnswerWaitsForTheDisk) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  life.writer.submit(
      [&](sqlite::Database&) -> Result<void> {
        std::unique_lock lock(mutex);
        opened.wait(lock, [&] { return open; });
        return {};
      },
      [](const Result<void>&) {});
  std::optional<bool> answered;
  life.engine.submit(one(creation("e1")), [&](const Result<Engine::EventsAnswer>& answer) {
    answered = answer.has_value();
  });
  life.loop.run_ready();
  EXPECT_EQ(life.shown(model::WorkspaceId("w"), Field::status), R"("READY")");
  EXPECT_FALSE(answered.has_value());
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  opened.notify_one();
  ASSERT_TRUE(life.loop.run_until([&] { return answered.has_value(); }));
  EXPECT_TRUE(*answered);
}

TEST_F(EngineTest, TheRemovalOfAProjectIsAnsweredOnceItIsOnDisk) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  ASSERT_TRUE(life.loop.wait_for<Result<Engine::EventsAnswer>>(
      [&](auto done) { life.engine.submit(one(creation("e1")), std::move(done)); }));
  bool answered = false;
  {
    const sb::testing::HeldWriter held(life.writer);
    life.engine.remove_project(model::ProjectId("external"), [&](const auto& removed) {
      EXPECT_TRUE(removed);
      answered = true;
    });
    life.loop.run_ready();
    EXPECT_EQ(life.store.project(model::ProjectId("external")), nullptr);
    EXPECT_FALSE(answered);
    life.loop.advance(1s);
    EXPECT_FALSE(answered);
  }
  ASSERT_TRUE(life.loop.run_until([&] { return answered; }));
}

TEST_F(EngineTest, WhatWasAcknowledgedIsThereInTheNextLife) {
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    const auto answer = life.loop.wait_for<Result<Engine::EventsAnswer>>(
        [&](auto done) { life.engine.submit(one(creation("e1")), std::move(done)); });
    ASSERT_TRUE(answer);
  }
  Life next(dir.path());
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::status), R"("READY")");
}

// A real one: SQLite is allowed no further page.
class FullDiskTest : public EngineTest {
 protected:
  static void pages(Life& life, std::string_view count) {
    EXPECT_TRUE(life.writer.run([&](sqlite::Database& database) {
      return database.query("PRAGMA max_page_count=" + std::string(count), {}, [](auto&) {});
    }));
  }
  static Result<Engine::EventsAnswer> send(Life& life, std::string id) {
    auto events = one(creation(std::move(id)));
    std::get<model::WorkspaceStateChanged>(events.front().data).name = std::string(5'000, 'n');
    return life.loop.wait_for<Result<Engine::EventsAnswer>>(
        [&](auto done) { life.engine.submit(std::move(events), std::move(done)); });
  }
  static EngineSource database(const Life& life) { return life.engine.sources().back(); }
  // What somebody else writes once there is room.
  static void write_something(Life& life) {
    EXPECT_TRUE(life.writer.run([](sqlite::Database& database) {
      return database.execute("INSERT INTO source_epoch (source, epoch) VALUES ('other', '1')");
    }));
  }
};

TEST_F(FullDiskTest, IsASourceThatDoesNotDoWellUntilItIsWrittenAgain) {
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    EXPECT_EQ(database(life).name, "database");
    EXPECT_EQ(database(life).state, "live");
    pages(life, "1");
    const auto refused = send(life, "e1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_EQ(database(life).state, "degraded");
    EXPECT_THAT(database(life).detail, HasSubstr("database or disk is full"));
    life.loop.advance(2min);
    EXPECT_EQ(database(life).state, "degraded");
    pages(life, "1000000");
    write_something(life);
    EXPECT_EQ(database(life).state, "degraded") << "what was refused still waits";
    life.loop.advance(2min);  // nobody says it again: a pass tries
    EXPECT_TRUE(life.loop.run_until([&] { return database(life).state == "live"; }));
  }
  Life next(dir.path());
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::status), R"("READY")");
}

TEST_F(FullDiskTest, WhatIsSentAgainIsAnsweredOnlyOnceItIsOnDisk) {
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    pages(life, "1");
    ASSERT_FALSE(send(life, "e1"));
    ASSERT_FALSE(send(life, "e1")) << "a repeat is no more durable";
    pages(life, "1000000");
    const auto taken = send(life, "e1");
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->verdicts.front().kind, Ingest::Verdict::Kind::duplicate);
    EXPECT_EQ(database(life).state, "live");
  }
  Life next(dir.path());
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::status), R"("READY")");
}

TEST_F(FullDiskTest, NoMoreIsTakenInThanCanWait) {
  EngineOptions options;
  options.unjournalled_facts_max = 5;
  Life life(dir.path(), {}, options);
  ASSERT_TRUE(life.start());
  pages(life, "1");
  ASSERT_FALSE(send(life, "e1"));
  ASSERT_FALSE(send(life, "e2"));
  const auto head = life.store.head();
  const auto refused = send(life, "e3");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(life.store.head(), head);
  pages(life, "1000000");
  write_something(life);
  life.loop.advance(1s);
  std::optional<Engine::EventsAnswer> taken;  // what is refused now is a trial
  ASSERT_TRUE(life.loop.run_until([&] {
    if (auto answer = send(life, "e3")) taken = *std::move(answer);
    return taken.has_value();
  }));
  EXPECT_EQ(taken->verdicts.front().kind, Ingest::Verdict::Kind::accepted);
  EXPECT_EQ(database(life).state, "live");
}

TEST_F(EngineTest, EventsBeforeReadyAreRefusedAndNothingIsApplied) {
  Life life(dir.path());
  std::optional<ErrorCode> refused;
  life.engine.submit(one(creation("e1")), [&](const Result<Engine::EventsAnswer>& answer) {
    refused = answer ? std::nullopt : std::optional(answer.error().code);
  });
  EXPECT_EQ(refused, ErrorCode::unavailable);
  EXPECT_EQ(life.store.head(), 0U);
}

TEST_F(EngineTest, ARemovedProjectLeavesNothingBehind) {
  const sb::testing::GitRepo repo(dir.path() / "repo");
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add((dir.path() / "repo").string()).project.id;
  ASSERT_TRUE(life.loop.wait_for<Result<std::uint64_t>>(
      [&](auto done) { life.engine.remove_project(project, std::move(done)); }));
  EXPECT_EQ(life.store.project(project), nullptr);
  EXPECT_EQ(life.store.counts().entries, 0U);
  EXPECT_EQ(life.git.health().worktrees, 0U);
  ASSERT_TRUE(life.loop.run_until([&] { return life.watcher.directories() == 0; }));
}

// Also what producers said of them while they were in another project.
TEST_F(EngineTest, WhatWasSaidOfTheWorkspacesOfARemovedProjectIsForgottenForGood) {
  const auto submit = [](Life& life, model::ExternalEvent said) {
    ASSERT_TRUE(life.loop.wait_for<Result<Engine::EventsAnswer>>(
        [&](auto done) { life.engine.submit(one(std::move(said)), std::move(done)); }));
  };
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    submit(life, creation("e1"));
    model::RunScriptStatusChanged run;
    run.runScriptStatus = model::RunScriptStatus::RUNNING;
    submit(life, event("e2", run));
    model::WorkspaceStateChanged moves;
    moves.projectId = model::ProjectId("elsewhere");
    moves.status = model::WorkspaceStatus::READY;
    submit(life, event("e3", moves));
    ASSERT_TRUE(life.loop.wait_for<Result<std::uint64_t>>([&](auto done) {
      life.engine.remove_project(model::ProjectId("elsewhere"), std::move(done));
    }));
    submit(life, creation("e4"));
    EXPECT_EQ(life.shown(model::WorkspaceId("w"), Field::runScriptStatus), R"("IDLE")");
  }
  Life next(dir.path());
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::runScriptStatus), R"("IDLE")");
}

TEST_F(EngineTest, S_101_AVanishedWorktreeKeepsItsLastNumbersMarkedStale) {
  sb::testing::GitRepo repo(dir.path() / "repo");
  sb::testing::git(dir.path() / "repo",
                   {"worktree", "add", "-q", "-b", "feature", (dir.path() / "wt").string()});
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add((dir.path() / "repo").string()).project.id;
  const auto linked = [&]() -> std::optional<model::WorkspaceId> {
    for (const auto& id : life.store.ids(project)) {
      if (life.shown(id, Field::isMain) == "false") return id;
    }
    return std::nullopt;
  }();
  ASSERT_TRUE(linked);
  ASSERT_TRUE(life.loop.run_until([&] { return life.shown(*linked, Field::gitStats) != "null"; }));
  std::filesystem::remove_all(dir.path() / "wt");
  ASSERT_TRUE(life.loop.run_until([&] {
    return life.shown(*linked, Field::problem).find("worktree_missing") != std::string::npos &&
           life.shown(*linked, Field::gitStats).find(R"("stale":true)") != std::string::npos;
  })) << life.shown(*linked, Field::problem)
      << life.shown(*linked, Field::gitStats);
}

}  // namespace
}  // namespace sb::orchestration
