#include "sb/run_script/run_script_service.h"

#include <csignal>
#include <fstream>
#include <span>
#include <string>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/process/process_table.h"
#include "sb/process/supervisor.h"
#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

#include "house.h"

namespace sb::run_script {
namespace {

using enum model::RunScriptStatus;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RunScriptLifecycle, AllowsExactlyTheStepsOfTheContract) {
  using Status = model::RunScriptStatus;
  const std::vector<std::pair<Status, Status>> allowed{
      {IDLE, STARTING},     {STARTING, RUNNING}, {STARTING, COMPLETED}, {STARTING, FAILED},
      {STARTING, STOPPING}, {RUNNING, STOPPING}, {RUNNING, COMPLETED},  {RUNNING, FAILED},
      {STOPPING, IDLE},     {COMPLETED, IDLE},   {COMPLETED, STARTING}, {FAILED, IDLE},
      {FAILED, STARTING}};
  using All = boost::describe::describe_enumerators<Status>;
  boost::mp11::mp_for_each<All>([&](auto from) {
    boost::mp11::mp_for_each<All>([&](auto to) {
      const bool listed =
          std::count(allowed.begin(), allowed.end(), std::pair(from.value, to.value)) > 0;
      EXPECT_EQ(may_become(from.value, to.value), listed) << from.name << " to " << to.name;
    });
  });
}

class RunScriptTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  House house_{dir_ / "test.db"};
};

TEST_F(RunScriptTest, ARunIsStartingRunningAndCompleted) {
  const auto started = house_.run("w", "echo hello");
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(house_.told(COMPLETED));
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, RUNNING, COMPLETED));
  EXPECT_EQ(house_.events.back().exit_code, 0);
  EXPECT_FALSE(house_.events.back().mark);
  EXPECT_EQ(house_.output("w", 0)->bytes, "hello\n");
  EXPECT_TRUE(house_.output("w", 6)->over);
}

TEST_F(RunScriptTest, EveryEventCarriesTheStampOfItsCommit) {
  ASSERT_TRUE(house_.run("w", "exit 3"));
  ASSERT_TRUE(house_.told(FAILED));
  EXPECT_EQ(house_.events.back().error, "It ended with exit code 3.");
  EXPECT_TRUE(std::is_sorted(house_.events.begin(), house_.events.end(),
                             [](const auto& a, const auto& b) { return a.stamp < b.stamp; }));
  EXPECT_EQ(house_.row("w")->stamp, house_.events.back().stamp);
  house_.restart();
  ASSERT_EQ(house_.loaded().rows.size(), 1U);
  EXPECT_EQ(house_.loaded().rows[0].status, FAILED);
  EXPECT_GT(house_.counter().last(), house_.loaded().rows[0].stamp);
}

TEST_F(RunScriptTest, AStopEndsInIdle) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  const auto stopped = house_.stop_run("w");
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(stopped->status, IDLE);
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, RUNNING, STOPPING, IDLE));
  EXPECT_EQ(house_.service().running(), 0U);
  EXPECT_EQ(house_.stop_run("w")->status, IDLE);
  EXPECT_EQ(house_.stop_run("other").error().code, ErrorCode::not_found);
}

TEST_F(RunScriptTest, AStopBeforeTheCommandRunsIsNotForgotten) {
  std::optional<Row> started;
  house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                         std::vector<std::string>{"sleep", "1000"},
                         [&](Row row) { started = std::move(row); });
  ASSERT_TRUE(house_.loop().run_until([&] { return !house_.events.empty(); }));
  EXPECT_EQ(house_.stop_run("w")->status, IDLE);
  EXPECT_TRUE(started);
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, STOPPING, IDLE));
}

TEST_F(RunScriptTest, OneOfTwoStartsWins) {
  std::vector<Row> answers;
  for (int i = 0; i < 2; ++i) {
    house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                           std::vector<std::string>{"sleep", "1000"},
                           [&](Row row) { answers.push_back(std::move(row)); });
  }
  ASSERT_TRUE(house_.loop().run_until([&] { return answers.size() == 2; }));
  EXPECT_NE(answers[0].has_value(), answers[1].has_value());
  const auto& lost = answers[0] ? answers[1] : answers[0];
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, RUNNING));
  EXPECT_TRUE(house_.stop_run("w"));
}

TEST_F(RunScriptTest, ACommandThatCannotRunIsFailedWithTheReason) {
  const auto answer = house_.loop().wait_for<Row>([&](auto done) {
    house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                           std::vector<std::string>{"/no/such/program"}, std::move(done));
  });
  ASSERT_FALSE(answer);
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, FAILED));
  EXPECT_THAT(*house_.events.back().error, HasSubstr("/no/such/program: No such file"));
  ASSERT_TRUE(house_.run("w", "true"));
}

TEST_F(RunScriptTest, TakesTheCommandFromTheWorktree) {
  const std::string worktree = dir_.path().string();
  EXPECT_EQ(house_.run_configured("w", worktree).error().code, ErrorCode::not_found);
  std::ofstream(dir_ / "factory-factory.json") << R"({"scripts": {"setup": "x"}})";
  EXPECT_THAT(house_.run_configured("w", worktree).error().message, HasSubstr("scripts.run"));
  std::ofstream(dir_ / "factory-factory.json") << R"({"scripts": {"run": 7}})";
  EXPECT_EQ(house_.run_configured("w", worktree).error().code, ErrorCode::invalid_argument);
  std::ofstream(dir_ / "factory-factory.json")
      << R"({"scripts": {"run": "pwd; echo $SNAPBOARD_WORKSPACE"}})";
  ASSERT_TRUE(house_.run_configured("w", worktree));
  ASSERT_TRUE(house_.told(COMPLETED));
  EXPECT_EQ(house_.output("w", 0)->bytes, worktree + "\nw\n");
}

TEST_F(RunScriptTest, AReaderWaitsForOutputAndForItsEnd) {
  const auto gate = (dir_ / "gate").string();
  ASSERT_TRUE(house_.run("w", "until [ -e " + gate + " ]; do sleep 0.02; done; echo late"));
  EXPECT_EQ(house_.output("w", 0, 1ms)->bytes, "");
  std::ofstream{gate};
  const auto came = house_.output("w", 0, testing::kTestDeadline);
  EXPECT_EQ(came->bytes, "late\n");
  EXPECT_TRUE(house_.output("w", 5, testing::kTestDeadline)->over);
  EXPECT_EQ(house_.output("other", 0).error().code, ErrorCode::not_found);
}

TEST_F(RunScriptTest, AReaderMissesNothingOfARunHoweverShortItIs) {
  constexpr int kShortRuns = 40;
  for (int n = 0; n < kShortRuns; ++n) {
    const std::string word = std::to_string(n);
    house_.events.clear();
    house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                           std::vector<std::string>{"echo", word}, [](const Row&) {});
    ASSERT_TRUE(house_.loop().run_until([&] { return !house_.events.empty(); }));
    EXPECT_EQ(house_.output("w", 0, testing::kTestDeadline)->bytes, word + "\n");
    ASSERT_TRUE(house_.told(COMPLETED));
  }
}

TEST_F(RunScriptTest, ThePortOfAGrandchildIsToldAndGoesWithIt) {
  ASSERT_TRUE(house_.run("w",
                         "sh -c \"python3 -c '\nimport socket,time\ns=socket.socket();"
                         "s.bind((\\\"127.0.0.1\\\",0));s.listen();"
                         "print(s.getsockname()[1],flush=True);time.sleep(1000)'; :\"; :"));
  ASSERT_TRUE(house_.loop().run_until([&] { return house_.events.back().port.has_value(); }));
  EXPECT_EQ(std::to_string(*house_.events.back().port) + "\n", house_.output("w", 0)->bytes);
  EXPECT_EQ(house_.events.back().status, RUNNING);
  EXPECT_EQ(house_.stop_run("w")->port, std::nullopt);
}

TEST_F(RunScriptTest, AKilledSupervisorIsAFailedRunThatLeavesNothing) {
  ASSERT_TRUE(house_.run("w", "(setsid sleep 1000 &) ; sleep 1000; :"));
  const ProcessIdentity command = house_.events.back().process;
  const auto shell = process::read_process(command.pid);
  ASSERT_TRUE(shell);
  ::kill(shell->parent, SIGKILL);
  ASSERT_TRUE(house_.told(FAILED));
  EXPECT_THAT(*house_.events.back().error, HasSubstr("supervisor"));
  EXPECT_FALSE(process::is_running(command));
  EXPECT_EQ(process::end_marked(*house_.events.front().mark, std::nullopt, 1s), 0U);
}

TEST_F(RunScriptTest, AHaltEndsTheRunAndKeepsItsRow) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  const auto process = house_.events.back().process;
  ASSERT_TRUE(house_.halt("w"));
  EXPECT_FALSE(process::is_running(process));
  EXPECT_EQ(house_.row("w")->status, IDLE);
  ASSERT_TRUE(house_.halt("w"));
  ASSERT_TRUE(house_.halt("never seen"));
}

TEST_F(RunScriptTest, AHaltWaitsForAStartThatIsOnItsWayToTheDisk) {
  HeldWriter held(house_.writer());
  house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                         std::vector<std::string>{"sleep", "1000"}, [](const Row&) {});
  bool halted = false;
  house_.service().halt(model::WorkspaceId("w"), [&] { halted = true; });
  held.release();
  ASSERT_TRUE(house_.loop().run_until([&] { return halted; }));
  EXPECT_EQ(house_.row("w")->status, IDLE);
  EXPECT_EQ(house_.service().running(), 0U);
}

TEST_F(RunScriptTest, AReleaseEndsTheRunDropsTheRowAndTellsNothing) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  const auto process = house_.events.back().process;
  house_.events.clear();
  ASSERT_TRUE(house_.release("w"));
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_FALSE(process::is_running(process));
  EXPECT_FALSE(house_.row("w"));
  ASSERT_TRUE(house_.release("never seen"));
}

TEST_F(RunScriptTest, TellsNothingWhileTheTransactionIsOpen) {
  HeldWriter held(house_.writer());
  bool answered = false;
  house_.service().start(model::WorkspaceId("w"), dir_.path().string(),
                         std::vector<std::string>{"true"}, [&](const Row&) { answered = true; });
  house_.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.service().running(), 0U);
  held.release();
  ASSERT_TRUE(house_.told(COMPLETED));
}

TEST_F(RunScriptTest, AFailedWriteTellsNothingAndStartsNothing) {
  house_.sql("CREATE TRIGGER no BEFORE INSERT ON run_script BEGIN SELECT RAISE(FAIL, 'no'); END");
  const auto answer = house_.run("w", "touch " + (dir_ / "ran").string());
  ASSERT_FALSE(answer);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.service().running(), 0U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "ran"));
}

TEST_F(RunScriptTest, AStartThatLostTellsNothingAndStartsNothing) {
  house_.sql(
      "INSERT INTO run_script (workspace, status, command, mark, boot, pid, start_ticks, "
      "started_at, stamp) VALUES ('w', 'STARTING', '[]', 'of another', '', 0, 0, 0, 1)");
  const auto answer = house_.run("w", "touch " + (dir_ / "ran").string());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::conflict);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.service().running(), 0U);
  EXPECT_EQ(house_.output("w", 0).error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "ran"));
}

TEST_F(RunScriptTest, StepsOfARunWhoseRowIsOfAnotherRunByNowTellNothing) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  house_.events.clear();
  house_.sql("UPDATE run_script SET mark = 'of another', stamp = stamp + 1");  // nobody told us
  const auto answer = house_.stop_run("w");  // STOPPING lost, and so did the end
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::conflict);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.service().running(), 0U);
  const auto left = house_.row("w");
  ASSERT_TRUE(left);
  EXPECT_EQ(left->status, RUNNING);
  EXPECT_EQ(left->mark, "of another");
}

TEST_F(RunScriptTest, AnEndThatCouldNotBeWrittenIsWrittenByTheNextRead) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  house_.sql("CREATE TRIGGER no BEFORE UPDATE ON run_script BEGIN SELECT RAISE(FAIL, 'no'); END");
  const auto shell = process::read_process(house_.events.back().process.pid);
  ::kill(house_.events.back().process.pid, SIGKILL);
  ASSERT_TRUE(house_.loop().run_until(
      [&] { return !process::is_running(process::ProcessEntry(*shell).identity()); }));
  ASSERT_TRUE(house_.loop().run_until([&] { return house_.output("w", 0)->over; }));
  EXPECT_THAT(house_.statuses(), ElementsAre(STARTING, RUNNING));
  house_.sql("DROP TRIGGER no");
  house_.read();
  ASSERT_TRUE(house_.told(FAILED));
}

TEST_F(RunScriptTest, ARowThatSaysSomethingRunsWhichDoesNotIsRepaired) {
  house_.sql(
      "INSERT INTO run_script (workspace, status, command, boot, pid, start_ticks, started_at, "
      "stamp) "
      "VALUES ('w', 'RUNNING', '[]', '', 0, 0, 0, 1)");
  EXPECT_EQ(house_.row("w")->status, RUNNING);
  ASSERT_TRUE(house_.told(FAILED));
  EXPECT_EQ(house_.row("w")->status, FAILED);
}

TEST_F(RunScriptTest, S_58_InBetweenRowsAreIdleAndRunningOnesFailedAfterACrash) {
  for (const char* status : {"STARTING", "STOPPING", "RUNNING", "COMPLETED", "FAILED", "IDLE"}) {
    house_.sql(
        std::string(
            "INSERT INTO run_script (workspace, status, command, boot, pid, start_ticks, port, "
            "started_at, stamp) VALUES ('") +
        status + "', '" + status + "', '[]', '', 0, 0, 80, 0, 1)");
  }
  house_.restart();
  std::map<std::string, model::RunScriptStatus> found;
  for (const auto& row : house_.loaded().rows) {
    found[row.workspace.str()] = row.status;
    if (row.workspace.str() == "RUNNING") {
      EXPECT_FALSE(row.port);
    }
  }
  EXPECT_THAT(found, ElementsAre(std::pair("COMPLETED", COMPLETED), std::pair("FAILED", FAILED),
                                 std::pair("IDLE", IDLE), std::pair("RUNNING", FAILED),
                                 std::pair("STARTING", IDLE), std::pair("STOPPING", IDLE)));
}

TEST_F(RunScriptTest, WhatACrashOfServerAndSupervisorLeftIsEndedAtTheNextStart) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  const auto command = house_.events.back().process;
  const auto shell = process::read_process(command.pid);
  ASSERT_TRUE(shell);
  ::kill(shell->parent, SIGSTOP);  // it cannot see that the server goes
  house_.stop();
  ::kill(shell->parent, SIGKILL);
  EXPECT_TRUE(process::is_running(command));
  house_.events.clear();
  house_.start();
  EXPECT_EQ(house_.loaded().rows[0].status, FAILED);
  EXPECT_EQ(house_.run("w", "true").error().code, ErrorCode::conflict);
  house_.service().begin();
  ASSERT_TRUE(house_.loop().run_until([&] { return !house_.row("w")->mark; }));
  EXPECT_FALSE(process::is_running(command));
  ASSERT_TRUE(house_.run("w", "true"));
}

TEST_F(RunScriptTest, AStopOfTheServerIsNoFailure) {
  ASSERT_TRUE(house_.run("w", "sleep 1000"));
  const auto command = house_.events.back().process;
  house_.events.clear();
  house_.service().shut_down();
  house_.restart();
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.loaded().rows[0].status, IDLE);
  ASSERT_TRUE(house_.loop().run_until([&] { return !process::is_running(command); }));
}

constexpr std::string_view kCrashMode = "--run-until-killed";

/// Starts and stops runs for ever; prints each status once it was told.
int run_until_killed(const std::string& database) {
  House house(database);
  for (int n = 0;; ++n) {
    const std::string id = "w" + std::to_string(n % 3);
    const auto row = house.run(id, "sleep 1000");
    if (row) static_cast<void>(house.stop_run(id));
    for (const auto& event : std::exchange(house.events, {})) {
      const std::string line = event.workspace.str() + " " + std::to_string(event.stamp) + "\n";
      if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 2;
    }
  }
}

TEST(KilledRunScripts, KeepEveryStepTheyTold) {
  const testing::TempDir dir;
  const std::string path = (dir / "k.db").string();
  std::map<std::string, std::uint64_t> told;
  for (const int lines : {1, 7, 12}) {
    testing::ChildProcess child({"/proc/self/exe", std::string(kCrashMode), path});
    for (int i = 0; i < lines; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line);
      told[line->substr(0, 2)] = std::stoull(line->substr(3));
    }
    child.kill_now();
    child.wait();
  }
  House house(path);
  for (const auto& [id, stamp] : told) {
    const auto row = house.row(id);
    ASSERT_TRUE(row) << id;
    EXPECT_GE(row->stamp, stamp);
  }
}

}  // namespace
}  // namespace sb::run_script

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 1 && arguments[1] == sb::process::kSuperviseMode) {
    return sb::process::supervise(arguments.subspan(2));
  }
  if (arguments.size() > 2 && arguments[1] == sb::run_script::kCrashMode) {
    return sb::run_script::run_until_killed(arguments[2]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
