#include "sb/process/line_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "spawn_settings.h"

namespace sb::process {
namespace {

constexpr int kFirstPrivateFd = 3;
constexpr std::size_t kReadBytes = 16U << 10U;

}  // namespace

struct LineChild::Impl {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd in;   // a socket: no SIGPIPE
  UniqueFd out;  // non-blocking
  Listener listener;
  std::atomic<bool> left{false};  // the owner does not listen any more
  std::thread thread;

  /// On the thread: lines until the child ended and everything it wrote was read.
  void run() {
    std::string line;
    bool over = false;
    while (!over) {
      std::array<pollfd, 2> fds{{{out.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0) continue;
      over = fds[1].revents != 0;
      while (read_some(line)) {
      }
    }
    if (!left) listener.ended();
  }

  bool read_some(std::string& line) {
    std::array<char, kReadBytes> chunk;  // NOLINT: filled by read
    const ssize_t got = ::read(out.get(), chunk.data(), chunk.size());
    if (got <= 0) return false;
    for (const char byte : std::string_view(chunk.data(), static_cast<std::size_t>(got))) {
      if (byte != '\n') {
        if (line.size() < kLineBytesMax) line += byte;
      } else if (!left) {
        listener.line(std::exchange(line, {}));
      }
    }
    return true;
  }
};

LineChild::LineChild(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

LineChild::~LineChild() {
  impl_->left = true;
  impl_->in.reset();
  pollfd ended{impl_->pidfd.get(), POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(kEndGrace.count())) <= 0) ::kill(impl_->pid, SIGKILL);
  impl_->thread.join();
  ::waitpid(impl_->pid, nullptr, 0);
}

Result<std::unique_ptr<LineChild>> LineChild::start(
    const std::vector<std::string>& argv,
    const std::vector<std::pair<std::string, std::string>>& set_env, Listener listener) {
  if (argv.empty()) return fail(ErrorCode::internal, "no program to run");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_failure("cannot make a socket", errno);
  }
  auto impl = std::make_unique<Impl>();
  impl->listener = std::move(listener);
  impl->in = UniqueFd(ends[0]);
  const UniqueFd input(ends[1]);
  SB_TRY(Pipe output, make_pipe());

  SpawnSettings settings(POSIX_SPAWN_SETSID);
  ::posix_spawn_file_actions_adddup2(&settings.actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, output.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&settings.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, kFirstPrivateFd);
  auto arguments = argv;
  auto environment = environment_with(set_env, {});
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  const int error =
      ::posix_spawnp(&impl->pid, arguments.front().c_str(), &settings.actions, &settings.attributes,
                     argument_pointers.data(), environment_pointers.data());
  if (error != 0) return spawn_failure(argv.front(), {}, error);
  // The pid cannot be reused before we reap it, so this opens the right process.
  impl->pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, impl->pid, 0)));
  if (!impl->pidfd.open()) {
    const int failed = errno;
    ::kill(impl->pid, SIGKILL);
    ::waitpid(impl->pid, nullptr, 0);
    return system_failure("cannot watch a child process", failed);
  }
  impl->out = std::move(output.read);
  return std::unique_ptr<LineChild>(
      new LineChild(std::move(impl)));  // NOLINT: a private constructor
}

bool LineChild::send(std::string_view line) {
  std::string text(line);
  text += '\n';
  return ::send(impl_->in.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(text.size());
}

}  // namespace sb::process
