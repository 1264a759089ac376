#include "sb/ratchet/ratchet_service.h"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/process/process_table.h"
#include "sb/process/process_watch.h"
#include "sb/process/supervisor.h"
#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

#include "house.h"

namespace sb::ratchet {
namespace {

using enum model::RatchetDispatchOutcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kForEver = "sleep 1000; :";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class RatchetTest : public ::testing::Test {
 protected:
  House& house(const std::string& script = "") {
    if (!house_) house_ = std::make_unique<House>(dir_ / "test.db", script);
    return *house_;
  }
  testing::TempDir dir_;
  std::unique_ptr<House> house_;
};

TEST_F(RatchetTest, IsOffUntilItIsSwitchedOn) {
  auto& it = house("true");
  it.see("w");
  it.pass();
  EXPECT_THAT(it.events, IsEmpty());
  EXPECT_FALSE(it.row("w"));
  const auto on = it.toggle("w", true);
  ASSERT_TRUE(on);
  EXPECT_TRUE(on->enabled);
  EXPECT_TRUE(it.events.front().toggled);
  ASSERT_TRUE(it.told("w", COMPLETED));
}

TEST_F(RatchetTest, AFixerRunsInTheWorktreeWithItsPrompt) {
  auto& it = house("printf '%s\\n%s\\n%s' \"$PWD\" \"$1\" \"$PROMPT\" > told");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", COMPLETED));
  const std::string told = text_of(it.dir() / "told");
  const std::string prompt = prompt_for(House::failing());
  EXPECT_EQ(told, it.dir().string() + "\nsaid: " + prompt + "\n" + prompt);
  EXPECT_FALSE(it.row("w")->mark);
  EXPECT_EQ(it.row("w")->record.retries, 0);
}

TEST_F(RatchetTest, AFixerIsASessionFromItsStartToItsEnd) {
  auto& it = house("exit 3");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", DIED));
  ASSERT_THAT(it.sessions, SizeIs(1));
  EXPECT_EQ(it.sessions[0].workspace.str(), "w");
  EXPECT_EQ(it.sessions[0].worktree, it.dir().string());
  EXPECT_TRUE(it.sessions[0].process.known());
  ASSERT_THAT(it.ended_sessions, SizeIs(1));
  EXPECT_EQ(it.ended_sessions[0], std::pair(it.sessions[0].id, std::optional<std::int64_t>(3)));
}

TEST_F(RatchetTest, AReaderMissesNothingOfAFixerHoweverShortItIs) {
  constexpr int kShortFixers = 20;
  auto& it = house("echo said");
  ASSERT_TRUE(it.toggle("w", true));
  EXPECT_EQ(it.output("w").error().code, ErrorCode::not_found);
  for (int n = 0; n < kShortFixers; ++n) {
    it.see("w", House::failing(std::to_string(n)));
    ASSERT_TRUE(it.told("w", RUNNING));
    EXPECT_EQ(it.output("w", 0, testing::kTestDeadline)->bytes, "said\n");
    ASSERT_TRUE(it.told("w", COMPLETED));
    EXPECT_TRUE(it.output("w", 5)->over);
  }
}

TEST_F(RatchetTest, TheOutputOfTheLastFixerStaysUntilTheWorkspaceGoes) {
  auto& it = house("echo begun; " + std::string(kForEver));
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", RUNNING));
  EXPECT_EQ(it.output("w", 0, testing::kTestDeadline)->bytes, "begun\n");
  EXPECT_FALSE(it.output("w", 6)->over);
  bool over = false;
  it.service().output(model::WorkspaceId("w"), 6, 1, testing::kTestDeadline,
                      [&](const Result<OutputPiece>& piece) { over = piece->over; });
  ASSERT_TRUE(it.toggle("w", false));
  ASSERT_TRUE(it.loop().run_until([&] { return over; })) << "who waits hears of the end";
  EXPECT_EQ(it.output("w")->bytes, "begun\n");
  ASSERT_TRUE(it.release("w"));
  EXPECT_EQ(it.output("w").error().code, ErrorCode::not_found);
}

TEST_F(RatchetTest, EveryEventCarriesTheStampOfItsCommit) {
  auto& it = house("exit 3");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", DIED));
  EXPECT_TRUE(std::is_sorted(it.events.begin(), it.events.end(), [](const auto& a, const auto& b) {
    return a.row.stamp < b.row.stamp;
  }));
  EXPECT_EQ(it.row("w")->stamp, it.last("w")->stamp);
  EXPECT_EQ(it.last("w")->error, "It ended with exit code 3.");
  it.restart();
  ASSERT_THAT(it.loaded().rows, SizeIs(1));
  EXPECT_EQ(it.loaded().rows[0].record.outcome, DIED);
  EXPECT_GT(it.counter().last(), it.loaded().rows[0].stamp);
}

TEST_F(RatchetTest, OneThatDiesIsSentOnceAPassAndThreeTimesAtMost) {
  auto& it = house("echo x >> runs; exit 1");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  for (std::int64_t deaths = 1; deaths <= 3; ++deaths) {
    ASSERT_TRUE(it.loop().run_until([&] { return it.last("w")->record.retries == deaths; }));
    it.service().freed(model::WorkspaceId("w"));  // no second try before the next pass
    it.settle();
    EXPECT_EQ(it.last("w")->record.retries, deaths);
    it.pass();
  }
  ASSERT_TRUE(it.loop().run_until([&] { return it.last("w")->record.stalled; }));
  const auto count = it.events.size();
  for (int n = 0; n < 10; ++n) it.pass();
  it.settle();
  EXPECT_EQ(it.events.size(), count) << "a conclusion is told once";
  EXPECT_EQ(text_of(it.dir() / "runs"), "x\nx\nx\n");

  it.see("w", House::failing("bbb"));
  ASSERT_TRUE(it.loop().run_until(
      [&] { return it.last("w")->record.outcome == DIED && it.last("w")->record.retries == 1; }));
  EXPECT_FALSE(it.last("w")->record.stalled);
}

TEST_F(RatchetTest, OneThatCannotBeStartedHasDied) {
  auto& it = house("true");
  it.sql(
      "INSERT INTO ratchet (workspace, enabled, retries, stalled, stamp) "
      "VALUES ('w', 1, 0, 0, 1)");
  it.restart();
  std::filesystem::remove_all(it.dir());
  it.see("w");
  ASSERT_TRUE(it.told("w", DIED));
  EXPECT_TRUE(it.last("w")->error);
}

TEST_F(RatchetTest, ACompletedFixerThatChangedNothingIsStalledByALookOfItsOwn) {
  auto& it = house("true");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", COMPLETED));
  it.pass();
  EXPECT_THAT(it.looks, IsEmpty()) << "GitHub may not know of the push yet";
  it.loop().advance(31s);
  it.pass();
  ASSERT_THAT(it.looks, SizeIs(1));
  it.pass();
  ASSERT_THAT(it.looks, SizeIs(1)) << "one look at a time";
  it.looks[0].second(fail(ErrorCode::unavailable, "no network"));
  it.settle();
  EXPECT_FALSE(it.last("w")->record.stalled);
  it.pass();
  ASSERT_THAT(it.looks, SizeIs(2));
  it.looks[1].second({});
  ASSERT_TRUE(it.loop().run_until([&] { return it.last("w")->record.stalled; }));
}

TEST_F(RatchetTest, S_120_AStallConcludedForAnEarlierStateIsDiscarded) {
  auto& it = house("true");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.told("w", COMPLETED));
  it.loop().advance(31s);
  it.pass();
  ASSERT_THAT(it.looks, SizeIs(1));
  auto moved = House::failing("bbb");
  moved.ci = model::CiStatus::PENDING;
  it.see("w", moved);  // the look found the push
  it.looks[0].second({});
  ASSERT_TRUE(it.told("w", std::nullopt));
  it.settle();
  for (const auto& event : it.events) EXPECT_FALSE(event.row.record.stalled);
}

TEST_F(RatchetTest, OffClearsTheRecordAndEndsTheFixer) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  EXPECT_EQ(it.last("w")->record.outcome, RUNNING);
  const auto process = it.sessions[0].process;
  const auto off = it.toggle("w", false);
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->enabled);
  EXPECT_EQ(off->record, Record{});
  ASSERT_TRUE(it.loop().run_until([&] { return it.service().fixers() == 0; }));
  EXPECT_FALSE(process::is_running(process));
  EXPECT_EQ(it.row("w")->record, Record{}) << "its end is no outcome";
  EXPECT_FALSE(it.row("w")->mark);
}

TEST_F(RatchetTest, S_24_OfTwoQuickTogglesTheLastOneStays) {
  auto& it = house(kForEver);
  it.see("w");
  std::vector<bool> answers;
  for (const bool enabled : {true, false, true, false}) {
    it.service().set_enabled(model::WorkspaceId("w"), enabled,
                             [&](const Row& row) { answers.push_back(row->enabled); });
  }
  ASSERT_TRUE(it.loop().run_until([&] { return answers.size() == 4; }));
  EXPECT_THAT(answers, ::testing::ElementsAre(true, false, true, false));
  ASSERT_TRUE(it.loop().run_until([&] { return it.service().fixers() == 0; }));
  EXPECT_FALSE(it.row("w")->enabled);
  EXPECT_EQ(it.row("w")->record, Record{});
}

TEST_F(RatchetTest, AToggleToWhatItIsAlreadyChangesNothing) {
  auto& it = house("true");
  ASSERT_TRUE(it.toggle("w", true));
  const auto again = it.toggle("w", true);
  ASSERT_TRUE(again);
  EXPECT_THAT(it.events, SizeIs(1));
  EXPECT_EQ(again->stamp, it.events[0].row.stamp);
}

TEST_F(RatchetTest, WaitsForWhoWorksThere) {
  auto& it = house("true");
  it.working.insert("w");
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  it.pass();
  it.settle();
  EXPECT_EQ(it.last("w")->record.outcome, std::nullopt);
  it.working.clear();
  it.service().freed(model::WorkspaceId("w"));
  ASSERT_TRUE(it.told("w", COMPLETED));
}

TEST_F(RatchetTest, AtMostThreeFixersRunAtOnceAndTheNextFollows) {
  auto& it = house(kForEver);
  for (const char* id : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(it.toggle(id, true));
    it.see(id);
  }
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 3; }));
  it.pass();
  it.settle();
  EXPECT_EQ(it.service().fixers(), 3U);
  const std::string first = it.sessions[0].workspace.str();
  ASSERT_TRUE(it.toggle(first, false));
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 4; }));
  EXPECT_EQ(it.service().fixers(), 3U);
}

TEST_F(RatchetTest, OneThatTakesTooLongIsEndedAndHasDied) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  it.loop().advance(59min);
  it.settle();
  EXPECT_EQ(it.service().fixers(), 1U);
  it.loop().advance(2min);
  ASSERT_TRUE(it.told("w", DIED));
  EXPECT_EQ(it.last("w")->error, "It took too long.");
  EXPECT_FALSE(process::is_running(it.sessions[0].process));
}

TEST_F(RatchetTest, WithoutACommandItCannotBeSwitchedOn) {
  auto& it = house();
  const auto refused = it.toggle("w", true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("SNAPBOARD_RATCHET_COMMAND"));
  EXPECT_EQ(it.last("w"), nullptr);
  EXPECT_TRUE(it.toggle("w", false)) << "what was on before can be switched off";
}

TEST_F(RatchetTest, AConflictThatIsWorkedOutAnewIsNoChange) {
  auto& it = house("true");
  auto pull = House::failing();
  pull.ci = model::CiStatus::SUCCESS;
  pull.conflict = true;
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w", pull);
  ASSERT_TRUE(it.told("w", COMPLETED));
  pull.conflict.reset();
  it.see("w", pull);
  it.settle();
  EXPECT_EQ(it.last("w")->record.outcome, COMPLETED);
  pull.conflict = false;
  it.see("w", pull);
  ASSERT_TRUE(it.told("w", std::nullopt));
}

TEST_F(RatchetTest, TellsNothingWhileTheTransactionIsOpen) {
  auto& it = house("touch ran");
  it.see("w");
  HeldWriter held(it.writer());
  bool answered = false;
  it.service().set_enabled(model::WorkspaceId("w"), true, [&](const Row&) { answered = true; });
  it.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_THAT(it.events, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(it.dir() / "ran"));
  held.release();
  ASSERT_TRUE(it.told("w", COMPLETED));
}

TEST_F(RatchetTest, AFailedWriteTellsNothingAndStartsNothing) {
  auto& it = house("touch ran");
  it.see("w");
  it.sql("CREATE TRIGGER no BEFORE INSERT ON ratchet BEGIN SELECT RAISE(FAIL, 'no'); END");
  EXPECT_FALSE(it.toggle("w", true));
  EXPECT_THAT(it.events, IsEmpty());
  it.sql("DROP TRIGGER no");
  it.sql("CREATE TRIGGER no BEFORE UPDATE ON ratchet BEGIN SELECT RAISE(FAIL, 'no'); END");
  ASSERT_TRUE(it.toggle("w", true));
  it.settle();
  EXPECT_THAT(it.events, SizeIs(1));
  EXPECT_EQ(it.service().fixers(), 0U);
  EXPECT_FALSE(std::filesystem::exists(it.dir() / "ran"));
  it.sql("DROP TRIGGER no");
  it.pass();
  ASSERT_TRUE(it.told("w", COMPLETED));
}

TEST_F(RatchetTest, ALostDecisionStartsNothing) {
  auto& it = house("touch ran");
  ASSERT_TRUE(it.toggle("w", true));
  it.sql("UPDATE ratchet SET enabled = 0, stamp = stamp + 1");  // nobody told us
  it.see("w");
  it.settle();
  EXPECT_THAT(it.events, SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(it.dir() / "ran"));
  EXPECT_EQ(it.service().enabled(), 0U) << "the read corrected what is held";
}

TEST_F(RatchetTest, AnEndThatCouldNotBeWrittenIsWrittenByTheNextRead) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  it.sql("CREATE TRIGGER no BEFORE UPDATE ON ratchet BEGIN SELECT RAISE(FAIL, 'no'); END");
  ::kill(it.sessions[0].process.pid, SIGKILL);
  ASSERT_TRUE(it.loop().run_until([&] { return !process::is_running(it.sessions[0].process); }));
  it.pass();
  EXPECT_EQ(it.last("w")->record.outcome, RUNNING);
  it.sql("DROP TRIGGER no");
  ASSERT_TRUE(it.loop().run_until([&] {
    it.settle();
    return it.last("w")->record.outcome == DIED;
  }));
}

TEST_F(RatchetTest, ARowThatSaysAFixerRunsWhichDoesNotIsRepaired) {
  auto& it = house();
  it.sql(
      "INSERT INTO ratchet (workspace, enabled, outcome, retries, stalled, pr_number, "
      "head_commit, trouble, stamp) VALUES ('w', 1, 'RUNNING', 0, 0, 7, 'aaa', 'CI_FAILED', 1)");
  it.pass();
  ASSERT_TRUE(it.told("w", DIED));
  EXPECT_EQ(it.row("w")->record.retries, 1);
}

TEST_F(RatchetTest, WhatACrashLeftRunningHasDiedAndCountsAndIsEnded) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  const auto process = it.sessions[0].process;
  const auto entry = process::read_process(process.pid);
  ASSERT_TRUE(entry);
  ::kill(entry->parent, SIGSTOP);  // it cannot see that the server goes
  it.stop();
  ::kill(entry->parent, SIGKILL);
  EXPECT_TRUE(process::is_running(process));
  it.start();
  ASSERT_THAT(it.loaded().rows, SizeIs(1));
  EXPECT_EQ(it.loaded().rows[0].record.outcome, DIED);
  EXPECT_EQ(it.loaded().rows[0].record.retries, 1);
  ASSERT_TRUE(it.loop().run_until([&] { return !it.row("w")->mark; }));
  EXPECT_FALSE(process::is_running(process));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 2; }));
}

TEST_F(RatchetTest, AStopOfTheServerDoesNotCount) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  const auto process = it.sessions[0].process;
  it.service().shut_down();
  it.restart();
  EXPECT_EQ(it.loaded().rows[0].record.outcome, DIED);
  EXPECT_EQ(it.loaded().rows[0].record.retries, 0);
  ASSERT_TRUE(it.loop().run_until([&] { return !process::is_running(process); }));
}

TEST_F(RatchetTest, AHaltEndsTheFixerKeepsTheSwitchAndCountsNoDeath) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  it.no_worktree.insert("w");
  ASSERT_TRUE(it.halt("w"));
  EXPECT_FALSE(process::is_running(it.sessions[0].process));
  EXPECT_THAT(it.ended_sessions, SizeIs(1));
  const auto row = it.row("w");
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->enabled);
  EXPECT_EQ(row->record.outcome, DIED);
  EXPECT_EQ(row->record.retries, 0);
  ASSERT_TRUE(it.halt("w"));
  ASSERT_TRUE(it.halt("never seen"));

  it.no_worktree.clear();  // the workspace stays after all
  it.pass();
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 2; }));
}

TEST_F(RatchetTest, AHaltWaitsForADispatchThatIsOnItsWayToTheDisk) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  HeldWriter held(it.writer());
  it.see("w");
  it.no_worktree.insert("w");
  bool halted = false;
  it.service().halt(model::WorkspaceId("w"), [&] { halted = true; });
  held.release();
  ASSERT_TRUE(it.loop().run_until([&] { return halted; }));
  EXPECT_EQ(it.service().fixers(), 0U);
  EXPECT_EQ(it.row("w")->record.outcome, DIED) << "it was sent, and ended";
}

TEST_F(RatchetTest, AReleaseEndsTheFixerDropsTheRowAndTellsNothing) {
  auto& it = house(kForEver);
  ASSERT_TRUE(it.toggle("w", true));
  it.see("w");
  ASSERT_TRUE(it.loop().run_until([&] { return it.sessions.size() == 1; }));
  it.events.clear();
  ASSERT_TRUE(it.release("w"));
  EXPECT_THAT(it.events, IsEmpty());
  EXPECT_FALSE(process::is_running(it.sessions[0].process));
  EXPECT_FALSE(it.row("w"));
  ASSERT_TRUE(it.release("never seen"));
}

constexpr std::string_view kCrashMode = "--toggle-until-killed";

/// Switches and sends for ever; prints each stamp once it was told.
int toggle_until_killed(const std::string& database) {
  House house(database, "sleep 1000; :");
  for (int n = 0;; ++n) {
    const std::string id = "w" + std::to_string(n % 3);
    house.see(id);
    static_cast<void>(house.toggle(id, false));
    static_cast<void>(house.toggle(id, true));
    if (!house.told(id, RUNNING)) return 1;
    for (const auto& event : std::exchange(house.events, {})) {
      const std::string line =
          event.row.workspace.str() + " " + std::to_string(event.row.stamp) + "\n";
      if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 2;
    }
  }
}

TEST(KilledRatchets, KeepEveryStepTheyToldAndLeaveNoFixer) {
  const testing::TempDir dir;
  const std::string path = (dir / "k.db").string();
  std::map<std::string, std::uint64_t> told;
  for (const int lines : {1, 4, 9}) {
    testing::ChildProcess child({"/proc/self/exe", std::string(kCrashMode), path});
    for (int i = 0; i < lines; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line);
      told[line->substr(0, 2)] = std::stoull(line->substr(3));
    }
    child.kill_now();
    child.wait();
  }
  House house(path, "");
  for (const auto& [id, stamp] : told) {
    const auto row = house.row(id);
    ASSERT_TRUE(row) << id;
    EXPECT_GE(row->stamp, stamp);
    EXPECT_NE(row->record.outcome, RUNNING);
    ASSERT_TRUE(house.loop().run_until([&] { return !house.row(id)->mark; }));
  }
}

}  // namespace
}  // namespace sb::ratchet

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 1 && arguments[1] == sb::process::kSuperviseMode) {
    return sb::process::supervise(arguments.subspan(2));
  }
  if (arguments.size() > 2 && arguments[1] == sb::ratchet::kCrashMode) {
    return sb::ratchet::toggle_until_killed(arguments[2]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
