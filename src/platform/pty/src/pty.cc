#include "sb/pty/pty.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <climits>
#include <fmt/format.h>

namespace sb::pty {
namespace {

constexpr int kFirstPrivateFd = 3;
constexpr int kSignalExitBase = 128;

tl::unexpected<Error> failure(ErrorCode code, std::string_view what, int error) {
  return fail(code, fmt::format("{}: {}", what, std::generic_category().message(error)));
}

winsize to_winsize(const WindowSize& size) {
  return {size.rows, size.columns, size.width, size.height};
}

/// The two settings objects of posix_spawn, for a session leader on `slave`.
class Settings {
 public:
  Settings(const std::string& slave, const std::string& cwd) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    constexpr int kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
    ::posix_spawnattr_setflags(&attributes, static_cast<short>(kFlags));
    // The first terminal a session leader opens becomes its controlling terminal.
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, slave.c_str(), O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kFirstPrivateFd);
    if (!cwd.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
  }
  ~Settings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

struct Master {
  UniqueFd fd;
  std::string slave;
};
Result<Master> open_master(const PtySpec& spec) {
  Master master{UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)), {}};
  if (!master.fd.open()) return failure(ErrorCode::unavailable, "no pseudo-terminal left", errno);
  std::array<char, PATH_MAX> name{};
  if (::grantpt(master.fd.get()) != 0 || ::unlockpt(master.fd.get()) != 0 ||
      ::ptsname_r(master.fd.get(), name.data(), name.size()) != 0) {
    return failure(ErrorCode::unavailable, "cannot set up a pseudo-terminal", errno);
  }
  master.slave = name.data();
  // Both reach the other side, before anybody is there.
  termios modes{};
  if (spec.modes_of >= 0 && ::tcgetattr(spec.modes_of, &modes) == 0) {
    ::tcsetattr(master.fd.get(), TCSANOW, &modes);
  }
  const winsize size = to_winsize(spec.size);
  ::ioctl(master.fd.get(), TIOCSWINSZ, &size);
  return master;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Result<Pty> Pty::spawn(const PtySpec& spec) {
  if (spec.argv.empty()) return fail(ErrorCode::internal, "no program to run");
  SB_TRY(Master master, open_master(spec));
  const Settings settings(master.slave, spec.cwd);
  auto arguments = spec.argv;
  auto environment = spec.environment;
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  Pty pty;
  const int error =
      ::posix_spawn(&pty.pid_, spec.program.c_str(), &settings.actions, &settings.attributes,
                    argument_pointers.data(), environment_pointers.data());
  if (error != 0) {
    struct stat info{};
    if (!spec.cwd.empty() && (::stat(spec.cwd.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
      return fail(ErrorCode::not_found, fmt::format("there is no folder {}", spec.cwd));
    }
    return failure(error == ENOENT ? ErrorCode::not_found : ErrorCode::internal,
                   fmt::format("cannot run {}", spec.program), error);
  }
  // The pid cannot be reused before we reap it, so this opens the right process.
  pty.pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pty.pid_, 0)));
  if (!pty.pidfd_.open()) {
    const int failed = errno;
    ::kill(pty.pid_, SIGKILL);
    ::waitpid(pty.pid_, nullptr, 0);
    return failure(ErrorCode::internal, "cannot watch a child process", failed);
  }
  pty.master_ = std::move(master.fd);
  return pty;
}

void Pty::resize(const WindowSize& size) const {
  const winsize wanted = to_winsize(size);
  ::ioctl(master_.get(), TIOCSWINSZ, &wanted);
}

std::optional<pid_t> Pty::foreground_group() const {
  const pid_t group = master_.open() ? ::tcgetpgrp(master_.get()) : -1;
  return group > 0 ? std::optional(group) : std::nullopt;
}

PtyExit Pty::wait() const {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFSIGNALED(status) ? kSignalExitBase + WTERMSIG(status) : WEXITSTATUS(status)};
}

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return WindowSize{size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
}

}  // namespace sb::pty
