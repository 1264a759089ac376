#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sb {

/// A few threads for blocking work (git, file reads). Results come back through Loop::post by the
/// task itself. Lifecycle: a thread starts when a task finds none idle, up to `threads`, and stays;
/// `stop` lets running tasks end, drops queued ones and joins. Thread: `submit` and `stop` are
/// thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues `task`. Callers bound what they submit (one job per worktree and kind); after `stop` it
  /// is dropped. Throws std::system_error when there is no thread and none can be started.
  void submit(std::function<void()> task);
  void stop();

 private:
  void run();
  void start_thread();

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::size_t idle_ = 0;                     // threads that wait; guarded by mutex_
  std::vector<std::thread> threads_;         // guarded by mutex_; not any more once stopping
};

}  // namespace sb
