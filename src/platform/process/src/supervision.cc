#include "sb/process/supervision.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

#include "sb/core/unique_fd.h"
#include "sb/process/supervisor.h"

#include "control_message.h"
#include "output_ring.h"
#include "spawn_settings.h"

namespace sb::process {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;  // of one run before the others get their turn

/// Everything of one run. The thread of Supervision reads from it; its owner asks.
class Run final : public SupervisedRun {
 public:
  Run(const SupervisedSpec& spec, SupervisedListener listener)
      : listener_(std::move(listener)), ring_(spec.output_bytes_max) {}

  /// Starts the supervisor.
  Result<void> launch(const std::string& program, const SupervisedSpec& spec);

  void stop() override {
    const std::lock_guard lock(mutex_);
    const ControlMessage message{};
    if (!control_.open()) return;
    ::send(control_.get(), &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  [[nodiscard]] OutputSlice output(std::uint64_t from, std::size_t bytes_max) const override {
    const std::lock_guard lock(mutex_);
    OutputSlice slice;
    slice.begin = std::clamp(from, ring_.begin(), ring_.end());
    slice.bytes = ring_.read(slice.begin, bytes_max);
    slice.end = slice.begin + slice.bytes.size();
    slice.total = ring_.end();
    return slice;
  }

  void notify_beyond(std::uint64_t seen) override {
    {
      const std::lock_guard lock(mutex_);
      wanted_beyond_ = seen;
      if (ring_.end() <= seen) return;
      wanted_beyond_.reset();
    }
    listener_.output();
  }

  [[nodiscard]] pid_t supervisor() const override { return pid_; }

  /// Hands out `self`, before anything is read.
  void tell_begun(std::shared_ptr<Run> self) const { listener_.begun(std::move(self)); }

  // --- on the thread of Supervision ---

  [[nodiscard]] int control_fd() const { return control_.get(); }
  [[nodiscard]] int output_fd() const { return out_.get(); }
  [[nodiscard]] int pid_fd() const { return pidfd_.get(); }

  enum class Read { some, nothing, end };
  /// Reads what was written, up to one turn's share.
  Read read_output() {
    std::array<char, kReadBytes> buffer;  // NOLINT: filled by read
    const ssize_t got = ::read(out_.get(), buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Read::nothing : Read::end;
    if (got == 0) return Read::end;
    bool notify = false;
    {
      const std::lock_guard lock(mutex_);
      ring_.append({buffer.data(), static_cast<std::size_t>(got)});
      notify = wanted_beyond_ && ring_.end() > *wanted_beyond_;
      if (notify) wanted_beyond_.reset();
    }
    if (notify) listener_.output();
    return Read::some;
  }

  /// Takes what the supervisor says. False when it will say no more.
  bool hear() {
    ControlMessage message;
    const ssize_t got = ::recv(control_.get(), &message, sizeof message, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got != sizeof message) return false;
    if (message.kind == ControlMessage::Kind::started) {
      listener_.started({boot_id(), message.pid, message.start_ticks});
    } else if (message.kind == ControlMessage::Kind::failed) {
      end_ = {SupervisedEnd::Kind::not_started, message.value};
    } else if (WIFSIGNALED(message.value)) {
      end_ = {SupervisedEnd::Kind::signalled, WTERMSIG(message.value)};
    } else {
      end_ = {SupervisedEnd::Kind::exited, WEXITSTATUS(message.value)};
    }
    return true;
  }

  /// The supervisor ended: nothing it said or let through is lost.
  void finish() {
    ::waitpid(pid_, nullptr, 0);
    while (has_word() && hear()) {
    }
    while (read_output() == Read::some) {
    }
    out_.reset();
    pidfd_.reset();
    {
      const std::lock_guard lock(mutex_);
      control_.reset();
    }
    listener_.ended(end_);
  }

 private:
  [[nodiscard]] bool has_word() const {
    ControlMessage peeked;
    constexpr int kFlags = MSG_DONTWAIT | MSG_PEEK;
    return ::recv(control_.get(), &peeked, sizeof peeked, kFlags) == sizeof peeked;
  }

  SupervisedListener listener_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  SupervisedEnd end_;
  mutable std::mutex mutex_;
  UniqueFd control_;                            // reset under mutex_, used elsewhere too
  OutputRing ring_;                             // guarded by mutex_
  std::optional<std::uint64_t> wanted_beyond_;  // guarded by mutex_
};

Result<void> Run::launch(const std::string& program, const SupervisedSpec& spec) {
  if (spec.argv.empty()) return fail(ErrorCode::internal, "no program to run");
  SB_TRY(auto out, make_pipe());
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_failure("cannot make a control socket", errno);
  }
  control_ = UniqueFd(ends[0]);
  const UniqueFd theirs(ends[1]);

  SpawnSettings settings(POSIX_SPAWN_SETSID);
  ::posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&settings.actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, out.write.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, theirs.get(), kControlFd);
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, kControlFd + 1);
  if (!spec.cwd.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&settings.actions, spec.cwd.c_str());
  }
  std::vector<std::string> arguments{program, std::string(kSuperviseMode),
                                     std::to_string(spec.grace.count()),
                                     std::to_string(spec.file_mask), "--"};
  arguments.insert(arguments.end(), spec.argv.begin(), spec.argv.end());
  auto variables = spec.set_env;
  variables.emplace_back(kMarkVariable, spec.mark);
  auto withheld = spec.unset_env;
  withheld.insert(withheld.end(), kWithheldVariables.begin(), kWithheldVariables.end());
  auto environment = environment_with(variables, withheld);
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  const int error = ::posix_spawn(&pid_, program.c_str(), &settings.actions, &settings.attributes,
                                  argument_pointers.data(), environment_pointers.data());
  if (error != 0) return spawn_failure(program, spec.cwd, error);
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_.open()) {
    const int failed = errno;
    control_.reset();  // ends it
    ::waitpid(pid_, nullptr, 0);
    return system_failure("cannot watch a supervisor", failed);
  }
  out_ = std::move(out.read);
  return {};
}

}  // namespace

struct Supervision::Impl {
  /// What of a run an event is about; in the low bits of the event's data.
  enum class Part : std::uint64_t { control, output, exit };
  static constexpr std::uint64_t kPartBits = 2;
  static constexpr std::uint64_t kWake = 0;  // no run has the number 0

  explicit Impl(std::string path) : program(std::move(path)) {}
  ~Impl() {
    if (!thread.joinable()) return;
    stopping = true;
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake.get(), &one, sizeof one));
    thread.join();
  }

  Result<void> begin() {
    epoll = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    wake = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll.open() || !wake.open()) return system_failure("cannot watch processes", errno);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWake;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event);
    thread = std::thread([this] { watch(); });
    return {};
  }

  void add(std::shared_ptr<Run> run) {
    const std::lock_guard lock(mutex);
    const std::uint64_t number = ++last_number;
    const auto listen = [&](int fd, Part part) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = number << kPartBits | static_cast<std::uint64_t>(part);
      ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
    };
    const Run& added = *run;
    runs.emplace(number, std::move(run));
    listen(added.control_fd(), Part::control);
    listen(added.output_fd(), Part::output);
    listen(added.pid_fd(), Part::exit);
  }

  std::shared_ptr<Run> find(std::uint64_t number) {
    const std::lock_guard lock(mutex);
    const auto found = runs.find(number);
    return found == runs.end() ? nullptr : found->second;
  }

  void watch() {
    constexpr std::size_t kEvents = 32;
    std::array<epoll_event, kEvents> events{};
    while (!stopping) {
      const int count =
          ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const std::uint64_t data = events.at(static_cast<std::size_t>(i)).data.u64;
        if (data == kWake) continue;
        if (const auto run = find(data >> kPartBits)) {
          serve(run, data >> kPartBits, static_cast<Part>(data & ((1U << kPartBits) - 1)));
        }
      }
    }
  }

  void serve(const std::shared_ptr<Run>& run, std::uint64_t number, Part part) {
    switch (part) {
      case Part::control:
        if (!run->hear()) forget(run->control_fd());
        return;
      case Part::output:
        if (run->read_output() == Run::Read::end) forget(run->output_fd());
        return;
      case Part::exit: {
        const std::lock_guard lock(mutex);
        runs.erase(number);
      }
        run->finish();
        return;
    }
  }

  void forget(int fd) { ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr); }

  std::string program;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> started{0};
  UniqueFd epoll;
  UniqueFd wake;
  std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<Run>> runs;  // guarded by mutex
  std::uint64_t last_number = 0;                       // guarded by mutex
  std::thread thread;                                  // begun under mutex
};

Supervision::Supervision(std::string program) : impl_(std::make_unique<Impl>(std::move(program))) {}
Supervision::~Supervision() = default;

Result<void> Supervision::start(const SupervisedSpec& spec, SupervisedListener listener) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->thread.joinable()) SB_TRY_VOID(impl_->begin());
  }
  auto run = std::make_shared<Run>(spec, std::move(listener));
  SB_TRY_VOID(run->launch(impl_->program, spec));
  ++impl_->started;
  run->tell_begun(run);
  impl_->add(std::move(run));  // from here on it is told of
  return {};
}

std::uint64_t Supervision::started() const {
  return impl_->started;
}

}  // namespace sb::process
