#include "sb/process/posix_runner.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"

#include "child.h"

namespace sb::process {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::int64_t kPollMillisecondsMax = 60'000;
constexpr int kSignalExitBase = 128;

/// One stream of the child: what it wrote so far, up to a limit.
class Stream {
 public:
  Stream(UniqueFd fd, std::size_t bytes_max) : fd_(std::move(fd)), bytes_max_(bytes_max) {}

  [[nodiscard]] bool open() const { return fd_.open(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  std::string take() { return std::move(bytes_); }

  /// Reads what is there. Bytes beyond the limit are dropped, so that the child never blocks on us.
  void read_ready() {
    while (open() && !overflowed_) {
      std::array<char, kReadBytes> buffer;  // NOLINT: filled by read
      const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
      if (got > 0) {
        const auto count = static_cast<std::size_t>(got);
        overflowed_ = count > bytes_max_ - bytes_.size();
        if (!overflowed_) bytes_.append(buffer.data(), count);
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        fd_.reset();
      } else if (errno == EAGAIN) {
        return;
      }
    }
    if (overflowed_) fd_.reset();
  }

 private:
  UniqueFd fd_;
  std::size_t bytes_max_;
  std::string bytes_;
  bool overflowed_ = false;
};

/// Runs one started child to its end. What goes wrong first decides the error; then the group is
/// told to end, and after a grace made to.
class Run {
 public:
  Run(Child child, const ProcessSpec& spec, int cancel_fd)
      : spec_(spec),
        pid_(child.pid),
        pidfd_(std::move(child.pidfd)),
        out_(std::move(child.out), spec.output_bytes_max),
        err_(std::move(child.err), spec.output_bytes_max),
        cancel_fd_(cancel_fd),
        deadline_(SteadyClock::now() + spec.timeout) {}

  /// Waits until the child ended and was reaped, or not even KILL ended it: then `reaped` is false.
  void wait() {
    while (phase_ != Phase::done) step();
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool reaped() const { return status_.has_value(); }

  Result<ProcessOutput> result() {
    if (error_) return *std::move(error_);
    ProcessOutput output;
    output.exit_code =
        WIFSIGNALED(*status_) ? kSignalExitBase + WTERMSIG(*status_) : WEXITSTATUS(*status_);
    output.out = out_.take();
    output.err = err_.take();
    return output;
  }

 private:
  enum class Phase { running, terminating, killing, draining, done };

  void step() {
    std::array<pollfd, 4> waiting{pollfd{reaped() ? -1 : pidfd_.get(), POLLIN, 0},
                                  pollfd{phase_ == Phase::running ? cancel_fd_ : -1, POLLIN, 0},
                                  pollfd{out_.fd(), POLLIN, 0}, pollfd{err_.fd(), POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - SteadyClock::now());
    const auto patience = std::clamp<std::int64_t>(left.count(), 0, kPollMillisecondsMax);
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(patience)) < 0) return;
    if (waiting[2].revents != 0) out_.read_ready();
    if (waiting[3].revents != 0) err_.read_ready();
    if (waiting[0].revents != 0) reap();
    if (phase_ == Phase::running) {
      if (out_.overflowed() || err_.overflowed()) {
        give_up(ErrorCode::limit_exceeded, too_much());
      } else if (waiting[1].revents != 0) {
        give_up(ErrorCode::timeout, fmt::format("{} was cancelled", name()));
      }
    }
    if (phase_ == Phase::draining && !out_.open() && !err_.open()) finish();
    if (phase_ != Phase::done && SteadyClock::now() >= deadline_) at_deadline();
  }

  void reap() {
    // A stubborn grandchild must not outlive a child we gave up on, and its group can be named
    // safely only until the child is reaped.
    if (phase_ != Phase::running) ::kill(-pid_, SIGKILL);
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
    status_ = status;
    if (phase_ != Phase::running) {
      phase_ = Phase::done;
      return;
    }
    out_.read_ready();
    err_.read_ready();
    phase_ = Phase::draining;
    deadline_ = SteadyClock::now() + PosixRunner::kDrainGrace;
  }

  void finish() {
    phase_ = Phase::done;
    if (out_.overflowed() || err_.overflowed()) {
      error_ = Error{ErrorCode::limit_exceeded, too_much(), {}};
    }
  }

  void give_up(ErrorCode code, std::string why) {
    error_ = Error{code, std::move(why), {}};
    phase_ = Phase::terminating;
    deadline_ = SteadyClock::now() + PosixRunner::kKillGrace;
    ::kill(-pid_, SIGTERM);
  }

  void at_deadline() {
    switch (phase_) {
      case Phase::running:
        give_up(ErrorCode::timeout,
                fmt::format("{} did not end within {} ms", name(), spec_.timeout.count()));
        return;
      case Phase::terminating:
        ::kill(-pid_, SIGKILL);
        phase_ = Phase::killing;
        deadline_ = SteadyClock::now() + PosixRunner::kKillGrace;
        return;
      case Phase::draining:
        finish();
        return;
      case Phase::killing:  // in the kernel's hands (a dead network disk): never wait for ever
      case Phase::done:
        phase_ = Phase::done;
        return;
    }
  }

  [[nodiscard]] const std::string& name() const { return spec_.argv.front(); }
  [[nodiscard]] std::string too_much() const {
    return fmt::format("{} wrote more than {} bytes", name(), spec_.output_bytes_max);
  }

  const ProcessSpec& spec_;
  pid_t pid_;
  UniqueFd pidfd_;
  Stream out_;
  Stream err_;
  int cancel_fd_;
  SteadyClock::time_point deadline_;
  Phase phase_ = Phase::running;
  std::optional<int> status_;
  std::optional<Error> error_;
};

}  // namespace

struct PosixRunner::Impl {
  UniqueFd cancel{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable for ever once cancelled
  std::atomic<bool> cancelled{false};
  std::atomic<std::uint64_t> spawned{0};
  std::mutex mutex;
  std::vector<pid_t> unkillable;  // guarded by mutex; reaped when the kernel lets go of them

  void reap_unkillable() {
    const std::lock_guard lock(mutex);
    std::erase_if(unkillable, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }
};

PosixRunner::PosixRunner() : impl_(std::make_unique<Impl>()) {}

PosixRunner::~PosixRunner() {
  impl_->reap_unkillable();
}

Result<ProcessOutput> PosixRunner::run(const ProcessSpec& spec) {
  if (impl_->cancelled) return fail(ErrorCode::timeout, "no more processes are started");
  impl_->reap_unkillable();
  SB_TRY(auto child, spawn(spec));
  ++impl_->spawned;
  Run run(std::move(child), spec, impl_->cancel.get());
  run.wait();
  if (!run.reaped()) {
    const std::lock_guard lock(impl_->mutex);
    impl_->unkillable.push_back(run.pid());
  }
  return run.result();
}

void PosixRunner::cancel_all() {
  impl_->cancelled = true;
  const std::uint64_t one = 1;
  static_cast<void>(::write(impl_->cancel.get(), &one, sizeof one));
}

std::uint64_t PosixRunner::spawned() const {
  return impl_->spawned;
}

}  // namespace sb::process
