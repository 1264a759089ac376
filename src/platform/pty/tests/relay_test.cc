#include "sb/pty/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/unique_fd.h"
#include "sb/process/process_table.h"
#include "sb/pty/osc_scanner.h"
#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

#include "user_terminal.h"

// Real shells on real pseudo-terminals, below another one that stands for the user's.

namespace sb::pty {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Passes everything, and answers when it sees a mark.
struct Plain : RelayListener {
  void output(std::string_view bytes, std::string& pass, std::string& reply) override {
    pass += bytes;
    if (bytes.find("ask-the-terminal") != std::string_view::npos) reply += "answered\n";
  }
  void input() override { ++inputs; }
  [[nodiscard]] std::optional<SteadyTime> due() const override { return std::nullopt; }
  void tick(std::string&) override {}
  std::atomic<int> inputs{0};
};

bool same_modes(const termios& left, const termios& right) {
  return left.c_iflag == right.c_iflag && left.c_oflag == right.c_oflag &&
         left.c_lflag == right.c_lflag && left.c_cflag == right.c_cflag;
}

class RelayTest : public ::testing::Test {
 protected:
  void TearDown() override {
    user_.close();  // a test that failed half-way leaves a shell
  }
  /// Starts a program below the user's terminal.
  void begin(std::vector<std::string> argv) {
    PtySpec spec;
    spec.program = argv.front();
    spec.argv = std::move(argv);
    spec.cwd = dir_.str();
    spec.environment = {"PATH=/usr/bin:/bin", "PS1=ready> ", "HOME=" + dir_.str(), "TERM=xterm"};
    spec.size = *window_size(user_.fd());
    spec.modes_of = user_.fd();
    auto made = Pty::spawn(spec);
    ASSERT_TRUE(made) << made.error().message;
    pty_.emplace(*std::move(made));
    exit_ = std::async(std::launch::async, [this] {
      auto terminal = RawTerminal::enter(user_.fd(), user_.fd());
      if (!terminal) return PtyExit{-1};
      return relay(*pty_, *terminal, signals_, listener_);
    });
  }
  void shell() {
    begin({"/bin/bash", "--norc", "--noprofile", "-i"});
    ASSERT_TRUE(user_.shows("ready> ")) << user_.screen;
    user_.screen.clear();
  }
  /// The process group that reads from the terminal, as the kernel tells of its programs: the
  /// terminal itself is the relay's.
  pid_t reader() {
    const auto leader = process::read_process(pty_->pid());
    return leader ? leader->foreground_group : -1;
  }
  /// Waits until `name` itself has the keyboard: before it is executed, a key that is a signal may
  /// be lost in the shell that starts it.
  void runs(const std::string& name) {
    const auto now = [this] {
      std::ifstream file("/proc/" + std::to_string(reader()) + "/comm");
      std::string found;
      std::getline(file, found);
      return found;
    };
    while (now() != name) user_.read_some();
    user_.screen.clear();
  }
  /// The exit code, once the program ended; what it showed is on the screen.
  int code() {
    while (exit_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) user_.read_some();
    while (user_.read_some()) {
    }
    return exit_.get().code;
  }

  testing::TempDir dir_;
  SignalIntake signals_;
  UserTerminal user_;
  std::optional<Pty> pty_;
  Plain listener_;
  std::future<PtyExit> exit_;
};

TEST_F(RelayTest, AShellHasTheTerminalAsItsControllingOneWithJobControl) {
  shell();
  user_.type("tty; ps -o tty= -p $$; set -o | grep monitor\r");
  ASSERT_TRUE(user_.shows("monitor")) << user_.screen;
  ASSERT_TRUE(user_.shows("on\r\n")) << user_.screen;
  EXPECT_THAT(user_.screen, HasSubstr("/dev/pts/"));
  EXPECT_THAT(user_.screen, Not(HasSubstr("\n?\r")));
  user_.type("exit 0\r");
  EXPECT_EQ(code(), 0);
}

TEST_F(RelayTest, TheExitCodeIsThatOfTheProgram) {
  shell();
  user_.type("exit 37\r");
  EXPECT_EQ(code(), 37);
}

TEST_F(RelayTest, AProgramEndedByASignalIs128AndTheSignal) {
  begin({"/bin/sh", "-c", "kill -KILL $$"});
  EXPECT_EQ(code(), 128 + SIGKILL);
}

TEST_F(RelayTest, EverythingAProgramWroteBeforeItEndedIsShown) {
  begin({"/bin/sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo; echo the-end"});
  EXPECT_EQ(code(), 0);
  EXPECT_THAT(user_.screen, HasSubstr("the-end"));
  EXPECT_GE(std::count(user_.screen.begin(), user_.screen.end(), 'x'), 300000);
}

TEST_F(RelayTest, AnInterruptEndsTheCommandAndNotTheShell) {
  shell();
  user_.type("sleep 1000\r");
  runs("sleep");
  user_.type("\x03");
  ASSERT_TRUE(user_.shows("ready> ")) << user_.screen;
  user_.type("echo status-$?\r");
  EXPECT_TRUE(user_.shows("status-130\r\n")) << user_.screen;
  user_.type("exit 0\r");
  EXPECT_EQ(code(), 0);
}

TEST_F(RelayTest, AJobIsStoppedAndContinued) {
  shell();
  user_.type("sleep 1000\r");
  runs("sleep");
  user_.type("\x1a");
  ASSERT_TRUE(user_.shows("ready> ")) << user_.screen;
  EXPECT_THAT(user_.screen, HasSubstr("Stopped"));
  EXPECT_EQ(reader(), pty_->pid());
  user_.type("fg\r");
  runs("sleep");
  user_.type("\x03");
  ASSERT_TRUE(user_.shows("ready> ")) << user_.screen;
  user_.type("echo again-$((1+1))\r");
  EXPECT_TRUE(user_.shows("again-2")) << user_.screen;
  user_.type("exit 0\r");
  EXPECT_EQ(code(), 0);
}

TEST_F(RelayTest, AResizeOutsideIsSeenInside) {
  shell();
  user_.type("trap 'stty size' WINCH; echo ar''med\r");  // what is typed is shown as well
  ASSERT_TRUE(user_.shows("armed\r\n"));
  user_.resize({50, 123, 0, 0});
  ::kill(::getpid(), SIGWINCH);  // the kernel tells only the foreground of a controlling terminal
  const std::string inside = "/proc/" + std::to_string(pty_->pid()) + "/fd/0";
  const auto size_inside = [&] {
    return window_size(UniqueFd(::open(inside.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)).get());
  };
  while (size_inside() != WindowSize{50, 123, 0, 0}) user_.read_some();
  user_.type("\r");  // bash runs traps between two lines
  EXPECT_TRUE(user_.shows("50 123")) << user_.screen;
  user_.type("exit 0\r");
  EXPECT_EQ(code(), 0);
}

TEST_F(RelayTest, APasteBeyondAllBuffersArrivesCompleteWhileTheProgramWrites) {
  // cat reads and writes at once: a relay that stops reading while it writes would stand still.
  begin({"/bin/sh", "-c", "stty raw -echo; echo armed; head -c 500000 | tee /dev/stderr | wc -c"});
  ASSERT_TRUE(user_.shows("armed"));
  auto typed = std::async(std::launch::async, [this] { user_.type(std::string(500000, 'p')); });
  EXPECT_TRUE(user_.shows("500000")) << user_.screen.size();
  EXPECT_EQ(code(), 0);
  EXPECT_EQ(std::count(user_.screen.begin(), user_.screen.end(), 'p'), 500000);
}

TEST_F(RelayTest, AnAnswerOfTheTerminalReachesTheProgram) {
  begin({"/bin/sh", "-c", "stty -echo; echo ask-the-terminal; read line; echo got:$line"});
  EXPECT_EQ(code(), 0);
  EXPECT_THAT(user_.screen, HasSubstr("got:answered"));
}

TEST_F(RelayTest, TheUsersModesComeBack) {
  const termios before = user_.modes();
  shell();
  EXPECT_FALSE(same_modes(user_.modes(), before)) << "raw while it runs";
  user_.type("exit 0\r");
  EXPECT_EQ(code(), 0);
  EXPECT_TRUE(same_modes(user_.modes(), before));
}

TEST_F(RelayTest, AnEndFromOutsideHangsUpOnTheShell) {
  begin({"/bin/sh", "-c", "trap 'echo hung-up >witness; exit 0' HUP; echo armed; read line"});
  const pid_t shell_process = pty_->pid();
  ASSERT_TRUE(user_.shows("armed\r\n"));
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(code(), 128 + SIGTERM);
  EXPECT_EQ(testing::read_file(dir_ / "witness"), "hung-up\n");
  EXPECT_NE(::kill(shell_process, 0), 0) << "it was reaped";
}

TEST_F(RelayTest, AClosedWindowHangsUpOnTheShell) {
  shell();
  user_.close();
  exit_.wait();
  EXPECT_EQ(exit_.get().code, 128 + SIGHUP);
}

TEST(Pty, AProgramThatIsNotThereIsAnErrorThatNamesIt) {
  PtySpec spec;
  spec.program = "/no/such/shell";
  spec.argv = {"shell"};
  const auto made = Pty::spawn(spec);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::not_found);
  EXPECT_THAT(made.error().message, HasSubstr("/no/such/shell"));
  spec.program = "/bin/sh";
  spec.cwd = "/no/such/folder";
  EXPECT_THAT(Pty::spawn(spec).error().message, HasSubstr("/no/such/folder"));
}

TEST(RawTerminal, APipeIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  const UniqueFd write(ends[1]);
  EXPECT_EQ(RawTerminal::enter(read.get(), write.get()).error().code, ErrorCode::invalid_argument);
}

constexpr const char* kCrashMode = "--crash-in-raw-mode";

TEST(RawTerminal, ACrashGivesTheModesBack) {
  UserTerminal user;
  const termios before = user.modes();
  testing::ChildProcess child({"/proc/self/exe", kCrashMode, ttyname(user.fd())});
  EXPECT_EQ(child.read_line(), "raw");
  EXPECT_EQ(child.wait(), 128 + SIGABRT);
  EXPECT_TRUE(same_modes(user.modes(), before));
}

/// The other mode of this program: raw, then dead.
int crash(const char* path) {
  const int fd = ::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  auto terminal = RawTerminal::enter(fd, fd);
  termios now{};
  ::tcgetattr(fd, &now);
  if (!terminal || (now.c_lflag & ICANON) != 0) return 1;
  if (::write(STDOUT_FILENO, "raw\n", 4) != 4) return 1;
  std::abort();
}

}  // namespace
}  // namespace sb::pty

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == sb::pty::kCrashMode) return sb::pty::crash(argv[2]);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
