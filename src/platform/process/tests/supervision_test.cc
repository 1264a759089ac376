#include "sb/process/supervision.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/process/process_table.h"
#include "sb/process/supervisor.h"
#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

#include "eventually.h"

// Real supervisors: this very program in its other mode (see main below).

namespace sb::process {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kServerMode = "--server-of-one-run";

/// Processes that carry the mark, counted by looking at every process of the machine.
std::size_t count_marked(const std::string& mark) {
  const std::string wanted = std::string(kMarkVariable) + "=" + mark;
  std::size_t count = 0;
  for (const auto& entry : all_processes()) {
    std::ifstream file("/proc/" + std::to_string(entry.pid) + "/environ");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (entry.state != 'Z' && text.find(wanted) != std::string::npos) ++count;
  }
  return count;
}

std::string unique_mark() {
  static std::atomic<int> last{0};
  return "test-" + std::to_string(::getpid()) + "-" + std::to_string(++last) + "-end";
}

/// A run and what was told of it.
struct Observed {
  explicit Observed(Supervision& supervision, std::vector<std::string> argv,
                    std::chrono::milliseconds grace = 20s, std::size_t output_max = 256U << 10U) {
    spec.mark = unique_mark();
    spec.argv = std::move(argv);
    spec.grace = grace;
    spec.output_bytes_max = output_max;
    SupervisedListener listener;
    listener.begun = [this](auto begun) { run = std::move(begun); };
    listener.started = [this](ProcessIdentity identity) { started.set_value(identity); };
    listener.ended = [this](SupervisedEnd end) { ended.set_value(end); };
    listener.output = [this] { ++notified; };
    const auto made = supervision.start(spec, std::move(listener));
    EXPECT_TRUE(made) << made.error().message;
  }
  ProcessIdentity wait_started() {
    auto future = started.get_future();
    EXPECT_EQ(future.wait_for(testing::kTestDeadline), std::future_status::ready);
    return future.get();
  }
  SupervisedEnd wait_ended() {
    auto future = ended.get_future();
    if (future.wait_for(3 * testing::kTestDeadline) != std::future_status::ready) {
      ADD_FAILURE() << "the run did not end";
      return {};
    }
    return future.get();
  }
  [[nodiscard]] std::string output() const { return run->output(0, 1U << 20U).bytes; }
  bool wait_output(std::string_view text) const {
    return eventually([&] { return output().find(text) != std::string::npos; });
  }

  SupervisedSpec spec;
  std::promise<ProcessIdentity> started;
  std::promise<SupervisedEnd> ended;
  std::atomic<int> notified{0};
  std::shared_ptr<SupervisedRun> run;
};

std::vector<std::string> script(std::string text) {
  return {"sh", "-c", std::move(text)};
}

// Three generations, one of them in a session of its own and orphaned, all deaf to hang-ups.
constexpr const char* kFamily =
    "trap '' HUP; (setsid sh -c 'sleep 1000 & echo daemon $!; wait' &) ; sleep 1000 & "
    "echo ready; wait";

TEST(Supervision, TellsHowACommandEndedAndKeepsItsOutput) {
  Supervision supervision;
  Observed run(supervision, script("echo out; echo err >&2; exit 7"));
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::exited);
  EXPECT_EQ(end.code, 7);
  EXPECT_EQ(run.output(), "out\nerr\n");
  EXPECT_GT(run.wait_started().pid, 0);
  EXPECT_EQ(supervision.started(), 1U);
}

TEST(Supervision, WithholdsTheSecretsOfTheServerFromARun) {
  for (const auto name : kWithheldVariables) ::setenv(std::string(name).c_str(), "secret", 1);
  Supervision supervision;
  Observed run(supervision, {"env"});
  run.wait_ended();
  for (const auto name : kWithheldVariables) {
    ::unsetenv(std::string(name).c_str());
    EXPECT_EQ(run.output().find(name), std::string::npos) << name;
  }
  EXPECT_NE(run.output().find("PATH="), std::string::npos);
}

TEST(Supervision, HandsOutTheRunBeforeItTellsOfItHoweverShortItIs) {
  Supervision supervision;
  std::mutex mutex;
  std::vector<std::string> told;  // guarded by mutex
  const auto tell = [&](std::string what) {
    const std::lock_guard lock(mutex);
    told.push_back(std::move(what));
  };
  SupervisedSpec spec;
  spec.mark = unique_mark();
  spec.argv = script("echo short");
  std::shared_ptr<SupervisedRun> run;
  std::promise<void> ended;
  SupervisedListener listener;
  listener.begun = [&](std::shared_ptr<SupervisedRun> begun) {
    EXPECT_TRUE(eventually([&] {  // its supervisor ended before its handle came
      const auto entry = read_process(begun->supervisor());
      return !entry || entry->state == 'Z';
    }));
    run = std::move(begun);
    tell("begun");
  };
  listener.started = [&](ProcessIdentity) { tell("started"); };
  listener.ended = [&](SupervisedEnd end) {
    tell(end.kind == SupervisedEnd::Kind::exited ? "exited" : "?");
    ended.set_value();
  };
  listener.output = [] {};
  ASSERT_TRUE(supervision.start(spec, std::move(listener)));
  ASSERT_EQ(ended.get_future().wait_for(testing::kTestDeadline), std::future_status::ready);
  EXPECT_THAT(told, ::testing::ElementsAre("begun", "started", "exited"));
  EXPECT_EQ(run->output(0, 1U << 10U).bytes, "short\n");
}

TEST(Supervision, TellsASignal) {
  Supervision supervision;
  Observed run(supervision, script("kill -SEGV $$"));
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::signalled);
  EXPECT_EQ(end.code, SIGSEGV);
}

TEST(Supervision, TellsThatAProgramDoesNotExist) {
  Supervision supervision;
  Observed run(supervision, {"/no/such/program"});
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::not_started);
  EXPECT_EQ(end.code, ENOENT);
}

TEST(Supervision, RefusesAFolderThatIsGone) {
  Supervision supervision;
  SupervisedSpec spec;
  spec.argv = {"true"};
  spec.cwd = "/no/such/folder";
  const auto made = supervision.start(spec, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::not_found);
}

TEST(Supervision, TheCommandLeadsASessionOfItsOwnWithPlainStreams) {
  Supervision supervision;
  Observed run(supervision, script("ls /proc/self/fd | wc -l; ps -o sid= -p $$; echo $$"));
  run.wait_ended();
  std::istringstream lines(run.output());
  int fds = 0;
  int session = 0;
  int pid = 0;
  lines >> fds >> session >> pid;
  EXPECT_EQ(fds, 4);  // three streams and the folder that ls reads
  EXPECT_EQ(session, pid);
}

TEST(Supervision, AStopEndsTheWholeTree) {
  Supervision supervision;
  Observed run(supervision, script(kFamily));
  ASSERT_TRUE(run.wait_output("ready"));
  ASSERT_TRUE(run.wait_output("daemon"));
  EXPECT_GE(count_marked(run.spec.mark), 5U);
  run.run->stop();
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::signalled);
  EXPECT_EQ(count_marked(run.spec.mark), 0U);
}

TEST(Supervision, WhoIsDeafToTermIsKilledAfterTheGrace) {
  Supervision supervision;
  Observed run(supervision, script("trap '' TERM; echo ready; while :; do sleep 1000; done"), 50ms);
  ASSERT_TRUE(run.wait_output("ready"));
  run.run->stop();
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::signalled);
  EXPECT_EQ(end.code, SIGKILL);
  EXPECT_EQ(count_marked(run.spec.mark), 0U);
}

TEST(Supervision, AStoppedProcessIsEndedToo) {
  Supervision supervision;
  Observed run(supervision, script("echo ready; kill -STOP $$"));
  ASSERT_TRUE(run.wait_output("ready"));
  const pid_t pid = run.wait_started().pid;
  ASSERT_TRUE(eventually([&] { return read_process(pid)->state == 'T'; }));
  run.run->stop();
  EXPECT_EQ(run.wait_ended().code, SIGTERM);
}

TEST(Supervision, TheEndOfTheCommandEndsWhatItLeftInTheBackground) {
  Supervision supervision;
  Observed run(supervision, script("(setsid sleep 1000 &) ; echo done"));
  const auto end = run.wait_ended();
  EXPECT_EQ(end.kind, SupervisedEnd::Kind::exited);
  EXPECT_EQ(end.code, 0);
  EXPECT_EQ(count_marked(run.spec.mark), 0U);
}

TEST(Supervision, OutputBeyondTheLimitDropsTheOldestAndNeverBlocksTheCommand) {
  Supervision supervision;
  Observed run(supervision, script("seq 1 200000; echo last"), 20s, 4096);
  EXPECT_EQ(run.wait_ended().code, 0);
  const auto slice = run.run->output(0, 1U << 20U);
  EXPECT_EQ(slice.bytes.size(), 4096U);
  EXPECT_EQ(slice.end, slice.total);
  EXPECT_EQ(slice.begin, slice.total - 4096);
  EXPECT_TRUE(slice.bytes.ends_with("200000\nlast\n"));
}

TEST(Supervision, AReaderIsCalledWhenMoreWasWrittenThanItSaw) {
  Supervision supervision;
  const testing::TempDir dir;
  const auto gate = (dir / "gate").string();
  Observed run(supervision,
               script("echo one; until [ -e " + gate + " ]; do sleep 0.05; done; echo two"));
  ASSERT_TRUE(run.wait_output("one\n"));
  EXPECT_EQ(run.notified, 0);
  run.run->notify_beyond(4);
  EXPECT_EQ(run.notified, 0);
  std::ofstream{gate};
  EXPECT_TRUE(eventually([&] { return run.notified == 1; }));
  run.run->notify_beyond(0);
  EXPECT_EQ(run.notified, 2);
  run.wait_ended();
}

TEST(Supervision, ALostSupervisorIsToldAndWhatItLeftCanBeEnded) {
  Supervision supervision;
  Observed run(supervision, script(kFamily));
  ASSERT_TRUE(run.wait_output("ready"));
  ASSERT_TRUE(run.wait_output("daemon"));
  const auto command = run.wait_started();
  ::kill(run.run->supervisor(), SIGKILL);
  EXPECT_EQ(run.wait_ended().kind, SupervisedEnd::Kind::lost);
  EXPECT_GE(count_marked(run.spec.mark), 4U);
  EXPECT_GE(end_marked(run.spec.mark, command, 20s), 4U);
  EXPECT_EQ(count_marked(run.spec.mark), 0U);
}

TEST(EndMarked, FindsAProgramThatDroppedItsEnvironmentByItsIdentity) {
  Supervision supervision;
  Observed run(supervision, script("exec env -i sh -c 'echo ready; sleep 1000; :'"));
  ASSERT_TRUE(run.wait_output("ready"));
  const auto command = run.wait_started();
  ::kill(run.run->supervisor(), SIGKILL);
  run.wait_ended();
  EXPECT_EQ(count_marked(run.spec.mark), 0U);
  EXPECT_TRUE(is_running(command));
  EXPECT_GE(end_marked(run.spec.mark, command, 20s), 1U);
  EXPECT_FALSE(is_running(command));
}

TEST(EndMarked, KillsWhoIsDeafAndLeavesAnotherRunAlone) {
  Supervision supervision;
  Observed deaf(supervision, script("trap '' TERM; echo ready; while :; do sleep 1000; done"));
  Observed other(supervision, script("echo ready; sleep 1000"));
  ASSERT_TRUE(deaf.wait_output("ready"));
  ASSERT_TRUE(other.wait_output("ready"));
  ::kill(deaf.run->supervisor(), SIGKILL);
  deaf.wait_ended();
  EXPECT_GE(end_marked(deaf.spec.mark, std::nullopt, 50ms), 1U);
  EXPECT_EQ(count_marked(deaf.spec.mark), 0U);
  EXPECT_GE(count_marked(other.spec.mark), 2U);
  other.run->stop();
  other.wait_ended();
}

TEST(Supervision, NothingOfARunOutlivesAServerThatIsKilled) {
  const std::string mark = unique_mark();
  testing::ChildProcess server({"/proc/self/exe", std::string(kServerMode), mark, kFamily});
  ASSERT_EQ(server.read_line(), "ready");
  EXPECT_GE(count_marked(mark), 4U);
  server.kill_now();
  server.wait();
  EXPECT_TRUE(eventually([&] { return count_marked(mark) == 0; }));
}

TEST(Supervision, NothingOfARunOutlivesItsSupervision) {
  std::string mark;
  {
    Supervision supervision;
    Observed run(supervision, script(kFamily));
    mark = run.spec.mark;
    ASSERT_TRUE(run.wait_output("ready"));
    run.run.reset();
  }
  EXPECT_TRUE(eventually([&] { return count_marked(mark) == 0; }));
}

TEST(ProcessTable, SignalsNoLaterProcessWithTheSameNumber) {
  auto self = *identify(::getpid());
  ++self.start_ticks;
  EXPECT_FALSE(send_signal(self, SIGKILL));
}

TEST(ProcessTable, ReadsANameWithParenthesesAndSpaces) {
  const testing::TempDir dir;
  const auto program = (dir / "a) b (c").string();
  std::filesystem::copy_file("/bin/sleep", program);
  testing::ChildProcess child({program, "1000"});
  const auto entry = read_process(child.pid());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->parent, ::getpid());
}

/// Starts one run and waits to be killed.
int serve_one_run(const std::string& mark, const std::string& text) {
  Supervision supervision;
  SupervisedSpec spec;
  spec.mark = mark;
  spec.argv = script(text);
  std::promise<void> never;
  std::promise<void> wrote;
  SupervisedListener listener;
  listener.begun = [](const std::shared_ptr<SupervisedRun>& run) {
    constexpr std::uint64_t kBothLines = 14;  // "ready" and "daemon <pid>", in any order
    run->notify_beyond(kBothLines);
  };
  listener.started = [](ProcessIdentity) {};
  listener.ended = [](SupervisedEnd) {};
  listener.output = [&wrote] { wrote.set_value(); };
  if (!supervision.start(spec, std::move(listener))) return 1;
  wrote.get_future().wait();
  if (::write(STDOUT_FILENO, "ready\n", 6) < 0) return 1;
  never.get_future().wait();
  return 0;
}

}  // namespace
}  // namespace sb::process

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 1 && arguments[1] == sb::process::kSuperviseMode) {
    return sb::process::supervise(arguments.subspan(2));
  }
  if (arguments.size() > 3 && arguments[1] == sb::process::kServerMode) {
    return sb::process::serve_one_run(arguments[2], arguments[3]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
