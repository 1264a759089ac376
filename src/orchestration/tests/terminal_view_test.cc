#include "sb/orchestration/terminal_view.h"

#include <unistd.h>

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// Terminals on their way into the store: real SQLite, git and processes.

namespace sb::orchestration {
namespace {

using enum model::TerminalState;
using model::Field;
using ::testing::HasSubstr;

/// A life of the server with terminals on its board.
class TerminalLife : public Life {
 public:
  explicit TerminalLife(const std::filesystem::path& data) : Life(data) {
    engine.add(make_terminal_view(terminals, engine.own_facts(), engine.directory(), loop.clock(),
                                  Logger()));
  }

  Result<void> report(const std::string& id, model::TerminalState state,
                      const std::string& directory) {
    terminal::TerminalReport report;
    report.id = id;
    report.state = state;
    report.directory = directory;
    report.title = "make";
    report.last_activity_at = *parse_iso("2026-11-23T09:15:17.000Z");
    report.process = *process::identify(::getpid());
    return loop.wait_for<Result<void>>(
        [&](auto done) { terminals.report(std::move(report), std::move(done)); });
  }
};

class TerminalViewTest : public ::testing::Test {
 protected:
  model::WorkspaceId begin(TerminalLife& life) {
    EXPECT_TRUE(life.start());
    project_ = life.add(repo_.path().string()).project.id;
    return life.only(project_);
  }
  sb::testing::TempDir dir_;
  const sb::testing::GitRepo repo_{dir_.path() / "repo"};
  model::ProjectId project_;
};

TEST_F(TerminalViewTest, AReportIsShownWithoutAPassAndIsTheLastActivity) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
  ASSERT_TRUE(life.report("t", busy, repo_.str() + "/src"));
  EXPECT_EQ(life.shown(id, Field::terminals), R"([{"id":"t","state":"busy","title":"make",)"
                                              R"("lastActivityAt":"2026-11-23T09:15:10.000Z"}])");
  ASSERT_TRUE(life.reconcile(project_));
  EXPECT_EQ(life.drift("terminals"), 0);
}

TEST_F(TerminalViewTest, WhatIsOutsideOfAllWorkspacesIsRefused) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  EXPECT_EQ(life.report("t", busy, repo_.str() + "-not").error().code, ErrorCode::not_found);
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
}

TEST_F(TerminalViewTest, ALostEventIsRepairedByTheNextPassAndCountedAsDrift) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  const ProcessIdentity own = *process::identify(::getpid());
  // A commit whose event never came.
  life.sql("INSERT INTO terminal VALUES ('lost', '" + id.str() + "', 'idle', NULL, 0, '" +
           own.boot + "', " + std::to_string(own.pid) + ", " + std::to_string(own.start_ticks) +
           ", 0, NULL, 1)");
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
  ASSERT_TRUE(life.reconcile(project_));
  EXPECT_THAT(life.shown(id, Field::terminals), HasSubstr(R"("id":"lost","state":"idle")"));
  EXPECT_EQ(life.drift("terminals"), 1);
  life.sql("DELETE FROM terminal");
  ASSERT_TRUE(life.reconcile(project_));
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
  EXPECT_EQ(life.drift("terminals"), 2);
  ASSERT_TRUE(life.reconcile(project_));
  EXPECT_EQ(life.drift("terminals"), 2);
}

TEST_F(TerminalViewTest, NothingIsShownWhileTheCommitIsHeldOpen) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  life.settle();
  sb::testing::HeldWriter held(life.writer);
  terminal::TerminalReport report;
  report.id = "t";
  report.directory = repo_.str();
  report.process = *process::identify(::getpid());
  life.terminals.report(report, [](const Result<void>&) {});
  const auto head = life.store.head();
  life.loop.run_ready();
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
  EXPECT_EQ(life.store.head(), head);
  held.release();
  EXPECT_TRUE(life.loop.run_until([&] { return life.shown(id, Field::terminals) != "[]"; }));
}

TEST_F(TerminalViewTest, AFailedWriteIsNotShown) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  life.sql("CREATE TRIGGER no BEFORE INSERT ON terminal BEGIN SELECT RAISE(FAIL, 'no'); END");
  EXPECT_EQ(life.report("t", busy, repo_.str()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
}

TEST_F(TerminalViewTest, TheFirstBaselineOfTheNextLifeHasThem) {
  model::WorkspaceId id;
  {
    TerminalLife life(dir_.path());
    id = begin(life);
    ASSERT_TRUE(life.report("t", busy, repo_.str()));
  }
  TerminalLife life(dir_.path());
  ASSERT_TRUE(life.start());
  EXPECT_THAT(life.shown(id, Field::terminals), HasSubstr(R"("id":"t","state":"busy")"));
}

TEST_F(TerminalViewTest, ARemovedProjectTakesItsRowsAlong) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  ASSERT_TRUE(life.report("t", busy, repo_.str()));
  ASSERT_TRUE(life.loop.wait_for<Result<std::uint64_t>>(
      [&](auto done) { life.engine.remove_project(project_, std::move(done)); }));
  const auto rows = [&] {
    return life.loop
        .wait_for<Result<terminal::Contents>>(
            [&](auto done) { life.terminals.read(std::move(done)); })
        ->rows.size();
  };
  EXPECT_TRUE(life.loop.run_until([&] { return rows() == 0; }));
  EXPECT_EQ(life.shown(id, Field::terminals), "absent");
  EXPECT_EQ(life.process_watch.watched(), 0U);
}

TEST_F(TerminalViewTest, AReleaseTakesThemOffTheCard) {
  TerminalLife life(dir_.path());
  const auto id = begin(life);
  ASSERT_TRUE(life.report("t", busy, repo_.str()));
  life.loop.wait_for<bool>(
      [&](auto done) { life.engine.release(id, [done = std::move(done)] { done(true); }); });
  EXPECT_EQ(life.shown(id, Field::terminals), "[]");
}

}  // namespace
}  // namespace sb::orchestration
