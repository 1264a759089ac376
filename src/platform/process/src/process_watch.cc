#include "sb/process/process_watch.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"

#include "exit_code.h"

namespace sb::process {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kEventsPerWake = 64;
constexpr std::uint64_t kWakeId = 0;

}  // namespace

struct ProcessWatch::Impl : std::enable_shared_from_this<ProcessWatch::Impl> {
  struct Watch {
    UniqueFd pidfd;
    SteadyClock::time_point give_up{};  // set once it ended: when its exit code is waited for
    bool ended = false;
  };

  explicit Impl(Loop& given) : loop(given) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeId;
    static_cast<void>(::epoll_ctl(poll.get(), EPOLL_CTL_ADD, wake.get(), &event));
  }

  void run() {
    std::array<epoll_event, kEventsPerWake> events{};
    while (true) {
      const int count =
          ::epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), patience());
      const std::lock_guard lock(mutex);
      if (stopping) return;
      for (int i = 0; i < count; ++i) {
        const auto found = watches.find(events.at(static_cast<std::size_t>(i)).data.u64);
        if (found == watches.end()) continue;
        found->second.ended = true;
        found->second.give_up = SteadyClock::now() + kExitCodePatience;
        // It stays readable for ever; from here on the clock asks.
        static_cast<void>(
            ::epoll_ctl(poll.get(), EPOLL_CTL_DEL, found->second.pidfd.get(), nullptr));
        ++collecting;
      }
      if (collecting != 0) collect();
    }
  }

  [[nodiscard]] int patience() {
    const std::lock_guard lock(mutex);
    return collecting == 0 ? -1 : static_cast<int>(kExitCodeRetry.count());
  }

  // With the mutex held.
  void collect() {
    const auto now = SteadyClock::now();
    for (auto watch = watches.begin(); watch != watches.end();) {
      if (!watch->second.ended) {
        ++watch;
        continue;
      }
      const ExitReport report = read_exit(watch->second.pidfd.get());
      if (!report.final && now < watch->second.give_up) {
        ++watch;
        continue;
      }
      loop.post([owner = weak_from_this(), id = watch->first, code = report.code] {
        if (const auto self = owner.lock()) self->tell(id, code);
      });
      watch = watches.erase(watch);
      --collecting;
    }
  }

  // On the loop.
  void tell(WatchId id, std::optional<int> code) {
    const auto found = callbacks.find(id);
    if (found == callbacks.end()) return;
    const Ended ended = std::move(found->second);
    callbacks.erase(found);
    ended(code);
  }

  Loop& loop;
  UniqueFd poll{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::map<WatchId, Ended> callbacks;  // the loop's alone
  WatchId last_id = kWakeId;           // the loop's alone
  std::mutex mutex;
  std::map<WatchId, Watch> watches;  // guarded by mutex
  std::size_t collecting = 0;        // guarded by mutex: ended, exit code not read yet
  bool stopping = false;             // guarded by mutex
  std::thread thread;
};

ProcessWatch::ProcessWatch(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

ProcessWatch::~ProcessWatch() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(impl_->wake.get(), &one, sizeof one));
  impl_->thread.join();
}

Result<ProcessWatch::WatchId> ProcessWatch::watch(const ProcessIdentity& process, Ended ended) {
  if (impl_->callbacks.size() >= kWatchesMax) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} processes are watched", kWatchesMax));
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd.open()) {
    const int error = errno;
    return fail(error == ESRCH || error == EINVAL ? ErrorCode::not_found : ErrorCode::unavailable,
                fmt::format("cannot watch process {}: {}", process.pid,
                            std::generic_category().message(error)));
  }
  // Looked at after it was opened: from here on the pid cannot be somebody else's unnoticed.
  if (const auto now = identify(process.pid); !now || *now != process) {
    return fail(ErrorCode::not_found, fmt::format("process {} has ended", process.pid));
  }
  const WatchId id = ++impl_->last_id;
  impl_->callbacks.emplace(id, std::move(ended));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  const std::lock_guard lock(impl_->mutex);
  if (::epoll_ctl(impl_->poll.get(), EPOLL_CTL_ADD, pidfd.get(), &event) != 0) {
    impl_->callbacks.erase(id);
    return fail(ErrorCode::unavailable, "cannot watch a process");
  }
  impl_->watches[id].pidfd = std::move(pidfd);
  return id;
}

void ProcessWatch::remove(WatchId id) {
  if (impl_->callbacks.erase(id) == 0) return;
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->watches.find(id);
  if (found == impl_->watches.end()) return;
  if (found->second.ended) --impl_->collecting;
  impl_->watches.erase(found);
}

std::size_t ProcessWatch::watched() const {
  return impl_->callbacks.size();
}

}  // namespace sb::process
