#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "sb/core/clock.h"
#include "sb/core/loop.h"

namespace sb::testing {

/// How long a test waits for the real world (threads, git, inotify) before it fails.
inline constexpr std::chrono::seconds kTestDeadline{20};
inline constexpr std::chrono::milliseconds kLookAgain{5};

/// A loop that the test drives on its own thread. Time is real monotonic time plus what `advance`
/// skipped, so that tests with real threads and files just run, and tests of long timers skip ahead
/// instead of sleeping. Thread: `post` and `clock()` are thread-safe; everything else belongs to
/// the thread of the test.
class FakeLoop final : public Loop {
 public:
  void post(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
  }

  TimerId after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    const TimerId id = ++last_timer_;
    timers_.emplace(std::make_pair(clock_.mono_now() + delay, id), std::move(task));
    return id;
  }

  void cancel(TimerId id) override {
    for (auto timer = timers_.begin(); timer != timers_.end(); ++timer) {
      if (timer->first.second != id) continue;
      timers_.erase(timer);
      return;
    }
  }

  /// Runs tasks and due timers until `condition` holds; false when `patience` of real time ran out
  /// first.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition,
                               std::chrono::nanoseconds patience = kTestDeadline) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (run_one()) continue;
      const auto now = std::chrono::steady_clock::now();
      if (now >= deadline) return false;
      // What no task tells of, a file or the output of a process, is looked at again and again.
      auto wait = std::min<std::chrono::nanoseconds>(deadline - now, kLookAgain);
      if (!timers_.empty()) {
        wait = std::min(wait, timers_.begin()->first.first - clock_.mono_now());
      }
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, wait, [&] { return !tasks_.empty(); });
    }
    return true;
  }

  /// Runs what is ready now, and what that makes ready, without waiting. Returns how much that was.
  std::size_t run_ready() {
    std::size_t count = 0;
    while (run_one()) ++count;
    return count;
  }

  /// Skips time, firing the timers on the way in their order, each at its own time.
  void advance(std::chrono::nanoseconds by) {
    run_ready();
    const MonoTime target = clock_.mono_now() + by;
    while (!timers_.empty() && timers_.begin()->first.first <= target) {
      clock_.skip(timers_.begin()->first.first - clock_.mono_now());
      run_ready();
    }
    clock_.skip(target - clock_.mono_now());
    run_ready();
  }

  /// Calls `start(done)` and runs the loop until `done(T)` was called: turns a callback into a
  /// value. Throws when the answer does not come in time.
  template <class T>
  T wait_for(const std::function<void(std::function<void(T)>)>& start) {
    auto answer = std::make_shared<std::optional<T>>();
    start([answer](T value) { answer->emplace(std::move(value)); });
    if (!run_until([&] { return answer->has_value(); })) {
      throw std::runtime_error("no answer came back through the loop in time");
    }
    return std::move(**answer);
  }

  /// The time of this loop; the wall clock moves with it.
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }

 private:
  class SkippingClock final : public Clock {
   public:
    [[nodiscard]] MonoTime mono_now() const override { return system_.mono_now() + skipped(); }
    [[nodiscard]] WallTime wall_now() const override {
      return system_.wall_now() + std::chrono::duration_cast<std::chrono::milliseconds>(skipped());
    }
    void skip(std::chrono::nanoseconds by) {
      const std::lock_guard lock(mutex_);
      if (by.count() > 0) skipped_ += by;
    }

   private:
    [[nodiscard]] std::chrono::nanoseconds skipped() const {
      const std::lock_guard lock(mutex_);
      return skipped_;
    }
    SystemClock system_;
    mutable std::mutex mutex_;
    std::chrono::nanoseconds skipped_{0};  // guarded by mutex_
  };

  bool run_one() {
    std::function<void()> task;
    if (!timers_.empty() && timers_.begin()->first.first <= clock_.mono_now()) {
      task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    } else {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) return false;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
    return true;
  }

  SkippingClock clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  std::map<std::pair<MonoTime, TimerId>, std::function<void()>> timers_;
  TimerId last_timer_ = 0;
};

}  // namespace sb::testing
