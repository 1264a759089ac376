#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/loop.h"

namespace sb::sim {

/// Time and order of a run: tasks in order of due time, then of being asked for. Nothing waits;
/// time jumps to the next task. The wall clock can be stepped freely, the monotonic one only
/// advances. Thread: externally locked.
class VirtualLoop final : public Loop, public Clock {
 public:
  void post(std::function<void()> task) override { add(now_, std::move(task)); }
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> task) override {
    return add(now_ + std::max(delay, std::chrono::nanoseconds(0)), std::move(task));
  }
  void cancel(TimerId id) override {
    const auto found =
        std::find_if(heap_.begin(), heap_.end(), [&](const Task& task) { return task.id == id; });
    if (found != heap_.end()) found->run = nullptr;
  }

  [[nodiscard]] MonoTime mono_now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override {
    return WallTime(std::chrono::milliseconds(1'800'000'000'000)) + wall_offset_ +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }
  void step_wall(std::chrono::milliseconds by) { wall_offset_ += by; }

  /// Runs the next task; false when there is none, or none due until `until`.
  bool run_one(MonoTime until) {
    while (!heap_.empty() && heap_.front().due <= until) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      Task task = std::move(heap_.back());
      heap_.pop_back();
      if (!task.run) continue;  // cancelled
      now_ = task.due;
      ++steps_;
      task.run();
      return true;
    }
    return false;
  }
  /// Time passes with nothing to do.
  void skip_to(MonoTime until) { now_ = std::max(now_, until); }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Task {
    MonoTime due;
    TimerId id = 0;
    std::function<void()> run;
  };
  static bool later(const Task& a, const Task& b) {
    return a.due == b.due ? a.id > b.id : a.due > b.due;
  }
  TimerId add(MonoTime due, std::function<void()> task) {
    heap_.push_back({due, ++last_id_, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), later);
    return last_id_;
  }

  MonoTime now_{std::chrono::hours(1)};
  std::chrono::milliseconds wall_offset_{0};
  TimerId last_id_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<Task> heap_;
};

}  // namespace sb::sim
