#include "sb/process/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "sb/process/process_table.h"

#include "control_message.h"
#include "spawn_settings.h"

namespace sb::process {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kKillAgain{20};  // for what was being born during the last KILL
constexpr int kUsage = 2;

/// One run, from the start of its command until nothing of it is left.
class Supervisor {
 public:
  Supervisor(std::chrono::milliseconds grace, UniqueFd signals)
      : grace_(grace), signals_(std::move(signals)) {}

  bool start(char* const* argv) {
    SpawnSettings settings(POSIX_SPAWN_SETSID);
    ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, kControlFd);
    const int error =
        ::posix_spawnp(&command_, argv[0], &settings.actions, &settings.attributes, argv, environ);
    if (error != 0) {
      tell({ControlMessage::Kind::failed, error, 0, 0, 0});
      return false;
    }
    // The output is the command's alone: its end is then the end of the run.
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
      ::dup2(null, STDOUT_FILENO);
      ::dup2(null, STDERR_FILENO);
    }
    const auto identity = identify(command_);
    tell({ControlMessage::Kind::started, 0, command_, 0, identity ? identity->start_ticks : 0});
    return true;
  }

  void run() {
    reap();
    while (!all_gone_) {
      wait();
      reap();
      if (!all_gone_ && phase_ == Phase::terminating) terminate_newborn();
      if (!all_gone_ && phase_ != Phase::running && SteadyClock::now() >= deadline_) kill_tree();
    }
    tell({ControlMessage::Kind::ended, status_, command_, 0, 0});
  }

 private:
  enum class Phase { running, terminating, killing };

  void tell(const ControlMessage& message) {
    ::send(kControlFd, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void wait() {
    std::array<pollfd, 2> waiting{pollfd{server_gone_ ? -1 : kControlFd, POLLIN, 0},
                                  pollfd{signals_.get(), POLLIN, 0}};
    int patience = -1;
    if (phase_ != Phase::running) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline_ - SteadyClock::now());
      patience = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }
    if (::poll(waiting.data(), waiting.size(), patience) < 0) return;
    if (waiting[0].revents != 0) hear();
    if (waiting[1].revents != 0) take_signal();
  }

  void hear() {
    ControlMessage message;
    const ssize_t got = ::recv(kControlFd, &message, sizeof message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    server_gone_ = got <= 0;
    terminate();
  }

  void take_signal() {
    signalfd_siginfo info{};
    const ssize_t got = ::read(signals_.get(), &info, sizeof info);
    if (got == sizeof info && info.ssi_signo != SIGCHLD) terminate();
  }

  /// As the parent of every orphan below us we have a child as long as anything of the run lives.
  void reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid != command_) continue;
      status_ = status;
      terminate();  // what it leaves in the background is not left behind
    }
    all_gone_ = pid < 0 && errno == ECHILD;
  }

  void terminate() {
    if (phase_ != Phase::running) return;
    phase_ = Phase::terminating;
    deadline_ = SteadyClock::now() + grace_;
    terminate_newborn();
  }

  /// Who was born of somebody who had not died of TERM yet has not heard it: once to each.
  void terminate_newborn() {
    const pid_t self = ::getpid();
    for (const auto& entry : process_tree(self)) {
      const auto identity = entry.identity();
      if (entry.pid == self || !told_.emplace(identity.pid, identity.start_ticks).second) continue;
      send_signal(identity, SIGTERM);
      send_signal(identity, SIGCONT);  // a stopped process hears TERM only then
    }
  }

  void kill_tree() {
    phase_ = Phase::killing;
    deadline_ = SteadyClock::now() + kKillAgain;
    const pid_t self = ::getpid();
    for (const auto& entry : process_tree(self)) {
      if (entry.pid != self) send_signal(entry.identity(), SIGKILL);
    }
  }

  std::chrono::milliseconds grace_;
  UniqueFd signals_;
  pid_t command_ = -1;
  int status_ = 0;
  Phase phase_ = Phase::running;
  SteadyClock::time_point deadline_;
  std::set<std::pair<pid_t, std::uint64_t>> told_;  // of the end, by pid and start
  bool server_gone_ = false;
  bool all_gone_ = false;
};

UniqueFd catch_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

int supervise(std::span<char* const> arguments) {
  constexpr std::size_t kCommandAt = 3;  // after the grace, the umask and "--"
  if (arguments.size() <= kCommandAt || std::string_view(arguments[2]) != "--") return kUsage;
  const auto grace = parse_number(arguments[0]);
  const auto file_mask = parse_number(arguments[1]);
  if (!grace || !file_mask || ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) return kUsage;
  ::umask(*file_mask);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::prctl(PR_SET_NAME, "snapboard-run", 0, 0, 0);
  UniqueFd signals = catch_signals();
  if (!signals.open()) return 1;
  Supervisor supervisor(std::chrono::milliseconds(*grace), std::move(signals));
  if (!supervisor.start(&arguments[kCommandAt])) return 1;
  supervisor.run();
  return 0;
}

}  // namespace sb::process
