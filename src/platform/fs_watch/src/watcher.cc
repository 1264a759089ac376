#include "sb/fs_watch/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "sb/core/unique_fd.h"

#include "tree_watcher.h"

namespace sb::fs_watch {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kBatchEventsMax = 1024;  // then it is handed over
/// After a batch, events are left to gather in the kernel for this long: somebody who writes
/// without pause costs a hundred wake-ups a second at most. The first event is never delayed.
constexpr int kGatherMilliseconds = 10;

}  // namespace

struct Watcher::Impl {
  Impl(Options options, std::function<void(std::vector<Event>)> listener)
      : inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
        wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        watcher(inotify.get(), options.directories_max),
        thread([this] { run(); }) {
    if (listener) listen(std::move(listener));
  }

  ~Impl() {
    stopping = true;
    ring();
    thread.join();
  }

  void post(std::function<void(TreeWatcher&)> command) {
    {
      const std::lock_guard lock(mutex);
      commands.push_back(std::move(command));
    }
    ring();
  }

  void listen(std::function<void(std::vector<Event>)> listener) {
    post([this, listener = std::move(listener)](TreeWatcher&) { listeners.push_back(listener); });
  }

  void ring() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake.get(), &one, sizeof one));
  }

  void run() {
    while (!stopping) {
      wait(watcher.walking() ? 0 : -1, inotify.get());
      run_commands();
      read_events();
      if (watcher.walking()) watcher.walk_some();
      count = watcher.directories();
      if (!watcher.batch().empty()) deliver();
    }
  }

  /// Hands over what gathered, then lets more gather unless there is a tree to walk.
  void deliver() {
    const auto events = watcher.batch().take();
    for (const auto& listener : listeners) listener(events);
    if (!stopping && !watcher.walking()) wait(kGatherMilliseconds, -1);
  }

  void wait(int milliseconds, int also) {
    std::array<pollfd, 2> waiting{pollfd{wake.get(), POLLIN, 0}, pollfd{also, POLLIN, 0}};
    static_cast<void>(::poll(waiting.data(), waiting.size(), milliseconds));
  }

  void run_commands() {
    std::uint64_t rung = 0;
    static_cast<void>(::read(wake.get(), &rung, sizeof rung));
    std::vector<std::function<void(TreeWatcher&)>> taken;
    {
      const std::lock_guard lock(mutex);
      taken.swap(commands);
    }
    for (const auto& command : taken) command(watcher);
  }

  void read_events() {
    while (inotify.open() && watcher.batch().size() < kBatchEventsMax) {
      const ssize_t got = ::read(inotify.get(), buffer.data(), buffer.size());
      if (got <= 0) return;
      watcher.take(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  UniqueFd inotify;
  UniqueFd wake;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> count{0};
  std::atomic<WatchId> last_id{0};
  std::mutex mutex;
  std::vector<std::function<void(TreeWatcher&)>> commands;         // guarded by mutex
  std::array<char, kReadBytes> buffer{};                           // of the thread
  std::vector<std::function<void(std::vector<Event>)>> listeners;  // of the thread
  TreeWatcher watcher;                                             // of the thread
  std::thread thread;  // last: starts when all else is there
};

Watcher::Watcher(Options options, std::function<void(std::vector<Event>)> on_events)
    : impl_(std::make_unique<Impl>(options, std::move(on_events))) {}

Watcher::~Watcher() = default;

void Watcher::listen(std::function<void(std::vector<Event>)> on_events) {
  impl_->listen(std::move(on_events));
}

WatchId Watcher::watch_directory(std::string path) {
  const WatchId id = ++impl_->last_id;
  impl_->post([id, path = std::move(path)](TreeWatcher& watcher) {
    watcher.add(id, path, false, nullptr);
  });
  return id;
}

WatchId Watcher::watch_tree(std::string root, Skip skip) {
  const WatchId id = ++impl_->last_id;
  impl_->post([id, root = std::move(root), skip = std::move(skip)](TreeWatcher& watcher) {
    watcher.add(id, root, true, skip);
  });
  return id;
}

void Watcher::prune(WatchId watch, std::string directory) {
  impl_->post([watch, directory = std::move(directory)](TreeWatcher& watcher) {
    watcher.prune(watch, directory);
  });
}

void Watcher::remove(WatchId watch) {
  impl_->post([watch](TreeWatcher& watcher) { watcher.remove(watch); });
}

std::size_t Watcher::directories() const {
  return impl_->count;
}

}  // namespace sb::fs_watch
