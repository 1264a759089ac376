#include "sb/terminal/terminal_service.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "house.h"

namespace sb::terminal {
namespace {

using enum model::TerminalState;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TerminalTest : public ::testing::Test {
 protected:
  const TerminalRow& last() { return std::get<TerminalChanged>(house_.events.back()).row; }
  testing::TempDir dir_;
  House house_{dir_ / "test.db"};
};

TEST_F(TerminalTest, AReportIsCommittedAndToldWithItsStamp) {
  auto report = house_.made("t", busy);
  report.title = "vim";
  ASSERT_TRUE(house_.report(report));
  ASSERT_EQ(house_.events.size(), 1U);
  EXPECT_EQ(last().workspace.view(), "w1");
  EXPECT_EQ(last().state, busy);
  EXPECT_EQ(last().title, "vim");
  EXPECT_EQ(last().stamp, house_.row("t")->stamp);
  ASSERT_TRUE(house_.report("t", idle));
  EXPECT_GT(house_.row("t")->stamp, std::get<TerminalChanged>(house_.events.front()).row.stamp);
  EXPECT_EQ(house_.row("t")->title, std::nullopt) << "a report says everything";
}

TEST_F(TerminalTest, TheSameReportAgainChangesNothing) {
  auto report = house_.made("t", idle);
  ASSERT_TRUE(house_.report(report));
  const auto stamp = house_.row("t")->stamp;
  ASSERT_TRUE(house_.report(report));
  EXPECT_EQ(house_.events.size(), 1U);
  EXPECT_EQ(house_.row("t")->stamp, stamp);
}

TEST_F(TerminalTest, ActivityMovesInStepsOfTenSeconds) {
  auto report = house_.made("t", idle);
  const WallTime step(
      std::chrono::floor<std::chrono::minutes>(report.last_activity_at.time_since_epoch()));
  report.last_activity_at = step - 60s + 19'999ms;
  ASSERT_TRUE(house_.report(report));
  EXPECT_EQ(last().last_activity_at, step - 50s);
  report.last_activity_at = step - 60s + 10s;
  ASSERT_TRUE(house_.report(report));
  EXPECT_EQ(house_.events.size(), 1U);
  report.last_activity_at = house_.loop().clock().wall_now() + 1h;
  ASSERT_TRUE(house_.report(report));
  EXPECT_LE(last().last_activity_at, house_.loop().clock().wall_now())
      << "never ahead of our clock";
}

TEST_F(TerminalTest, WhatIsInNoWorkspaceIsRefused) {
  EXPECT_EQ(house_.report("t", open, "/").error().code, ErrorCode::not_found);
  EXPECT_THAT(house_.events, IsEmpty());
}

TEST_F(TerminalTest, AProcessThatDoesNotRunIsRefused) {
  auto report = house_.made("t", open);
  report.process.start_ticks += 1;
  EXPECT_EQ(house_.report(report).error().code, ErrorCode::invalid_argument);
  report.process = {};
  EXPECT_EQ(house_.report(report).error().code, ErrorCode::invalid_argument);
}

TEST_F(TerminalTest, TheEndOfItsProcessClosesIt) {
  testing::ChildProcess child({"sleep", "1000"});
  auto report = house_.made("t", busy);
  report.process = *process::identify(child.pid());
  ASSERT_TRUE(house_.report(report));
  child.kill_now();
  child.wait();
  ASSERT_TRUE(house_.told("t", closed));
  EXPECT_TRUE(last().closed_at);
  EXPECT_EQ(house_.row("t")->state, closed);
  EXPECT_EQ(house_.processes().watched(), 0U);
}

TEST_F(TerminalTest, AnEndWhileTheServerIsDownIsClosedAtTheStart) {
  testing::ChildProcess child({"sleep", "1000"});
  auto report = house_.made("t", busy);
  report.process = *process::identify(child.pid());
  ASSERT_TRUE(house_.report(report));
  ASSERT_TRUE(house_.report("lives", idle));
  house_.stop();
  child.kill_now();
  child.wait();
  house_.start();
  ASSERT_EQ(house_.loaded().rows.size(), 2U);
  EXPECT_EQ(house_.loaded().rows[0].state, idle);
  EXPECT_EQ(house_.loaded().rows[1].state, closed);
  EXPECT_GT(house_.loaded().fence, house_.loaded().rows[1].stamp);
}

TEST_F(TerminalTest, AnEndThatWasMissedIsFoundByTheNextRead) {
  ASSERT_TRUE(house_.report("t", busy));
  // A row whose process is gone, and nobody told.
  ASSERT_TRUE(house_.sql("UPDATE terminal SET start_ticks = 1, stamp = stamp + 1"));
  (void)house_.read();
  ASSERT_TRUE(house_.told("t", closed));
}

TEST_F(TerminalTest, ClosedStaysClosed) {
  ASSERT_TRUE(house_.report("t", idle));
  ASSERT_TRUE(house_.report("t", closed));
  EXPECT_EQ(last().state, closed);
  EXPECT_EQ(last().workspace.view(), "w1");
  EXPECT_EQ(house_.report("t", busy).error().code, ErrorCode::conflict);
  ASSERT_TRUE(house_.report("t", closed));
  ASSERT_TRUE(house_.report("never seen", closed));
  EXPECT_EQ(house_.events.size(), 2U);
}

TEST_F(TerminalTest, OneThatMovesToAnotherWorkspaceIsRemovedFromTheFirst) {
  ASSERT_TRUE(house_.report("t", idle, "/w1"));
  ASSERT_TRUE(house_.report("t", idle, "/w2"));
  ASSERT_EQ(house_.events.size(), 3U);
  const auto& gone = std::get<TerminalRemoved>(house_.events[1]);
  EXPECT_EQ(gone.workspace.view(), "w1");
  EXPECT_EQ(last().workspace.view(), "w2");
  EXPECT_EQ(gone.stamp, last().stamp);
}

TEST_F(TerminalTest, AWorkspaceHoldsSoManyAndNoMore) {
  for (std::size_t i = 0; i < TerminalService::kOpenMax; ++i) {
    ASSERT_TRUE(house_.report(std::to_string(i), idle));
  }
  EXPECT_EQ(house_.report("one more", idle).error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(house_.report("elsewhere", idle, "/w2"));
  EXPECT_TRUE(house_.report("0", busy)) << "the others go on";
  ASSERT_TRUE(house_.report("0", closed));
  EXPECT_TRUE(house_.report("one more", idle));
}

TEST_F(TerminalTest, OfClosedOnesTheLastAreKept) {
  for (std::size_t i = 0; i <= TerminalService::kClosedMax; ++i) {
    ASSERT_TRUE(house_.report(std::to_string(i), idle));
    ASSERT_TRUE(house_.report(std::to_string(i), closed));
  }
  EXPECT_THAT(house_.removed(), ElementsAre("0"));
  EXPECT_EQ(house_.read().rows.size(), TerminalService::kClosedMax);
}

TEST_F(TerminalTest, AClosedOneGoesAfterAWhile) {
  ASSERT_TRUE(house_.report("t", idle));
  ASSERT_TRUE(house_.report("t", closed));
  house_.loop().advance(TerminalService::kClosedShown - 1s);
  EXPECT_TRUE(house_.row("t"));
  house_.restart();
  house_.loop().advance(TerminalService::kClosedShown + 1s);
  ASSERT_TRUE(house_.loop().run_until([&] { return !house_.removed().empty(); }));
  EXPECT_FALSE(house_.row("t"));
}

TEST_F(TerminalTest, AReleaseForgetsTheWorkspaceAndNoOther) {
  ASSERT_TRUE(house_.report("a", idle, "/w1"));
  ASSERT_TRUE(house_.report("b", idle, "/w2"));
  house_.release("w1");
  EXPECT_THAT(house_.removed(), ElementsAre("a"));
  EXPECT_EQ(house_.read().rows.size(), 1U);
  EXPECT_EQ(house_.processes().watched(), 1U);
  house_.release("never seen");
}

TEST_F(TerminalTest, NothingIsToldWhileTheTransactionIsOpen) {
  HeldWriter held(house_.writer());
  bool answered = false;
  house_.service().report(house_.made("t", idle), [&](const Result<void>&) { answered = true; });
  house_.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.service().open(), 0U);
  held.release();
  ASSERT_TRUE(house_.told("t", idle));
}

TEST_F(TerminalTest, AFailedWriteTellsNothing) {
  ASSERT_TRUE(house_.report("t", idle));
  ASSERT_TRUE(house_.sql(
      "CREATE TRIGGER no BEFORE UPDATE ON terminal BEGIN SELECT RAISE(FAIL, 'no'); END"));
  EXPECT_EQ(house_.report("t", busy).error().code, ErrorCode::unavailable);
  EXPECT_EQ(house_.events.size(), 1U);
  EXPECT_EQ(house_.row("t")->state, idle);
  ASSERT_TRUE(house_.sql("DROP TRIGGER no"));
  EXPECT_TRUE(house_.report("t", busy)) << "the same can be said again";
  EXPECT_EQ(last().state, busy);
}

TEST_F(TerminalTest, AReportThatLostToAnEndTellsNothing) {
  ASSERT_TRUE(house_.report("t", idle));
  ASSERT_TRUE(house_.sql(
      "UPDATE terminal SET state = 'closed', closed_at = 1, stamp = stamp + 1"));  // untold
  const auto stamp = last().stamp + 1;
  EXPECT_EQ(house_.report("t", busy).error().code, ErrorCode::conflict);
  ASSERT_TRUE(house_.report("t", closed));
  EXPECT_EQ(house_.events.size(), 1U);
  EXPECT_EQ(house_.row("t")->state, closed);
  EXPECT_EQ(house_.row("t")->stamp, stamp);
}

TEST_F(TerminalTest, TheEndOfAnEarlierProcessLosesAndTellsNothing) {
  testing::ChildProcess child({"sleep", "1000"});
  auto report = house_.made("t", busy);
  report.process = *process::identify(child.pid());
  ASSERT_TRUE(house_.report(report));
  const ProcessIdentity now = House::own();
  ASSERT_TRUE(house_.sql("UPDATE terminal SET pid = " + std::to_string(now.pid) +
                         ", start_ticks = " + std::to_string(now.start_ticks) +
                         ", stamp = stamp + 1"));  // it has another one, and nobody told us
  child.kill_now();
  child.wait();
  ASSERT_TRUE(house_.loop().run_until([&] { return house_.processes().watched() == 0; }));
  const auto held = house_.row("t");  // through the queue: the end was decided before
  ASSERT_TRUE(held);
  EXPECT_EQ(held->state, busy);
  EXPECT_EQ(house_.events.size(), 1U);
  EXPECT_EQ(house_.service().open(), 1U);
}

TEST_F(TerminalTest, StampsGoOnAfterARestart) {
  ASSERT_TRUE(house_.report("t", idle));
  const auto stamp = house_.row("t")->stamp;
  house_.restart();
  EXPECT_GT(house_.counter().last(), stamp);
  ASSERT_TRUE(house_.report("t", busy));
  EXPECT_GT(last().stamp, stamp);
}

}  // namespace
}  // namespace sb::terminal
