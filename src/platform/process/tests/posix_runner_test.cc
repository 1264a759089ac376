#include "sb/process/posix_runner.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/fake_loop.h"
#include "sb/testing/temp_dir.h"

#include "eventually.h"

namespace sb::process {
namespace {

using namespace std::chrono_literals;

ProcessSpec shell(std::string script) {
  ProcessSpec spec;
  spec.argv = {"sh", "-c", std::move(script)};
  return spec;
}

bool alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return false;
  return text.find(") Z") == std::string::npos;
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

TEST(PosixRunner, ReturnsOutputAndExitCode) {
  PosixRunner runner;
  const auto result = runner.run(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_EQ(runner.spawned(), 1U);
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, ReportsASignalAsShellsDo) {
  PosixRunner runner;
  const auto result = runner.run(shell("kill -SEGV $$"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 128 + SIGSEGV);
}

TEST(PosixRunner, FeedsStandardInputWhetherReadOrNot) {
  PosixRunner runner;
  ProcessSpec spec;
  spec.argv = {"wc", "-c"};
  spec.stdin_bytes = std::string(3U << 20U, 'x');
  auto result = runner.run(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(std::stol(result->out), 3L << 20);
  spec.argv = {"true"};
  result = runner.run(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0);
  spec = shell("cat");  // no input: end of file at once, never our own terminal
  result = runner.run(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "");
}

TEST(PosixRunner, ChangesOnlyTheNamedVariables) {
  PosixRunner runner;
  ::setenv("SB_TEST_KEPT", "kept", 1);
  ::setenv("SB_TEST_GONE", "gone", 1);
  auto spec = shell("echo \"$SB_TEST_KEPT,${SB_TEST_GONE-unset},$SB_TEST_NEW\"");
  spec.unset_env = {"SB_TEST_GONE"};
  spec.set_env = {{"SB_TEST_NEW", "a=b"}};
  const auto result = runner.run(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "kept,unset,a=b\n");
}

TEST(PosixRunner, RunsInTheGivenFolder) {
  const testing::TempDir dir;
  PosixRunner runner;
  auto spec = shell("pwd -P");
  spec.cwd = dir.str();
  const auto result = runner.run(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, dir.str() + "\n");
}

TEST(PosixRunner, SaysWhatIsMissing) {
  PosixRunner runner;
  ProcessSpec spec;
  spec.argv = {"sb-no-such-program"};
  auto result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
  EXPECT_NE(result.error().message.find("sb-no-such-program"), std::string::npos);
  spec = shell("true");
  spec.cwd = "/nonexistent/folder";
  result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
  EXPECT_NE(result.error().message.find("/nonexistent/folder"), std::string::npos);
  EXPECT_FALSE(runner.run(ProcessSpec{}));
  EXPECT_EQ(runner.spawned(), 0U);
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, ReadsBothStreamsHoweverMuchTheyCarry) {
  PosixRunner runner;
  const auto result =
      runner.run(shell("head -c 4000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait; printf "
                       "end; printf end >&2"));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->out.size(), 4000003U);
  EXPECT_EQ(result->err.size(), 3000003U);
}

TEST(PosixRunner, StopsAChildThatWritesTooMuch) {
  PosixRunner runner;
  auto spec = shell("exec cat /dev/zero");
  spec.output_bytes_max = 100'000;
  auto result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::limit_exceeded);
  spec = shell("head -c 100001 /dev/zero");  // over the limit, then gone by itself
  spec.output_bytes_max = 100'000;
  result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::limit_exceeded);
  spec = shell("head -c 100000 /dev/zero");
  spec.output_bytes_max = 100'000;
  EXPECT_TRUE(runner.run(spec));
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, EndsTheWholeGroupAtTheDeadlineEvenAgainstItsWill) {
  const testing::TempDir dir;
  PosixRunner runner;
  auto spec = shell("trap '' TERM; (trap '' TERM; echo $BASHPID; exec sleep 1000) & echo $! >" +
                    (dir / "pid").string() + "; while :; do sleep 1000; done");
  spec.timeout = 50ms;
  const auto result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::timeout);
  std::ifstream file(dir / "pid");
  pid_t grandchild = 0;
  if (file >> grandchild) {  // the deadline may come before the shell got that far
    EXPECT_TRUE(eventually([&] { return !alive(grandchild); }));
  }
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, LetsAChildEndItselfOnTerm) {
  PosixRunner runner;
  auto spec = shell("sleep 1000");
  spec.timeout = 10ms;
  const auto result = runner.run(spec);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::timeout);
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, DoesNotWaitForAGrandchildThatHoldsThePipe) {
  PosixRunner runner;
  auto spec = shell("sleep 1000 & echo $!");
  spec.timeout = std::chrono::milliseconds(testing::kTestDeadline);
  const auto result = runner.run(spec);
  ASSERT_TRUE(result) << result.error().message;
  const auto grandchild = static_cast<pid_t>(std::stol(result->out));
  EXPECT_TRUE(alive(grandchild));  // it is none of our business
  ::kill(grandchild, SIGKILL);
}

TEST(PosixRunner, PassesOnNoDescriptorAndNoSignalMask) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library might
  ASSERT_GE(leaked, 3);
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  PosixRunner runner;
  const auto descriptors = runner.run(shell("ls /proc/$$/fd"));
  ProcessSpec spec;  // without a shell, which blocks signals while it starts a program
  spec.argv = {"grep", "SigBlk", "/proc/self/status"};
  const auto mask = runner.run(spec);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(leaked);
  ASSERT_TRUE(descriptors && mask);
  EXPECT_EQ(descriptors->out, "0\n1\n2\n");
  EXPECT_EQ(mask->out, "SigBlk:\t0000000000000000\n");
}

TEST(PosixRunner, CancelEndsRunningCallsAndRefusesLaterOnes) {
  PosixRunner runner;
  auto spec = shell("sleep 1000");
  spec.timeout = 1h;
  auto first = std::async(std::launch::async, [&] { return runner.run(spec); });
  auto second = std::async(std::launch::async, [&] { return runner.run(spec); });
  ASSERT_TRUE(eventually([&] { return runner.spawned() == 2; }));
  runner.cancel_all();
  for (auto* running : {&first, &second}) {
    const auto result = running->get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
  }
  EXPECT_FALSE(runner.run(spec));
  EXPECT_EQ(runner.spawned(), 2U);
  EXPECT_FALSE(has_children());
}

TEST(PosixRunner, ServesManyThreadsAtOnce) {
  PosixRunner runner;
  std::vector<std::future<bool>> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.push_back(std::async(std::launch::async, [&runner, worker] {
      for (int i = 0; i < 10; ++i) {
        const auto text = std::to_string(worker * 100 + i);
        const auto result = runner.run(shell("echo " + text));
        if (!result || result->out != text + "\n") return false;
      }
      return true;
    }));
  }
  for (auto& worker : workers) EXPECT_TRUE(worker.get());
  EXPECT_EQ(runner.spawned(), 40U);
}

}  // namespace
}  // namespace sb::process
