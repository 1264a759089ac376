#include "sb/core/worker_pool.h"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <latch>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace sb {
namespace {

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(WorkerPoolTest, HasNoThreadBeforeThereIsWork) {
  const std::size_t before = threads_of_this_process();
  WorkerPool pool(8);
  EXPECT_EQ(threads_of_this_process(), before);
  std::latch ran(1);
  pool.submit([&] { ran.count_down(); });
  ran.wait();
  EXPECT_GT(threads_of_this_process(), before);  // a sanitizer may add one of its own
}

// Each waits for the others: fewer threads than tasks would never end.
TEST(WorkerPoolTest, AsManyTasksRunAtOnceAsThereMayBeThreads) {
  constexpr std::ptrdiff_t kThreads = 4;
  WorkerPool pool(kThreads);
  for (int round = 0; round < 50; ++round) {
    std::latch all(kThreads);
    std::latch done(kThreads);
    for (std::ptrdiff_t i = 0; i < kThreads; ++i) {
      pool.submit([&] {
        all.arrive_and_wait();
        done.count_down();
      });
    }
    done.wait();
  }
}

TEST(WorkerPoolTest, NoMoreTasksRunAtOnceThanThereMayBeThreads) {
  constexpr int kTasks = 500;
  constexpr int kThreads = 3;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::latch done(kTasks);
  WorkerPool pool(kThreads);
  for (int i = 0; i < kTasks; ++i) {
    pool.submit([&] {
      const int now = ++running;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::yield();
      --running;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_LE(most, kThreads);
  EXPECT_GE(most, 1);
}

TEST(WorkerPoolTest, TasksOfOneThreadRunInOrder) {
  constexpr int kTasks = 1'000;
  int next = 0;
  std::latch done(kTasks);
  WorkerPool pool(1);
  for (int i = 0; i < kTasks; ++i) {
    pool.submit([&, i] {
      EXPECT_EQ(next++, i);
      done.count_down();
    });
  }
  done.wait();
}

TEST(WorkerPoolTest, ATaskMaySubmitAnother) {
  std::latch done(1);
  WorkerPool pool(1);
  pool.submit([&] { pool.submit([&] { done.count_down(); }); });
  done.wait();
}

// A dropped task is destroyed at once: that tells when `stop` has begun.
TEST(WorkerPoolTest, StopWaitsForWhatRunsAndDropsTheRest) {
  std::latch begun(1);
  std::latch may_end(1);
  std::atomic<bool> ended = false;
  std::atomic<bool> queued_ran = false;
  WorkerPool pool(1);
  pool.submit([&] {
    begun.count_down();
    may_end.wait();
    ended = true;
  });
  begun.wait();
  pool.submit([&] { queued_ran = true; });
  std::thread stopper([&] { pool.stop(); });
  const auto token = std::make_shared<int>();
  for (bool dropped = false; !dropped;) {
    const auto held = token.use_count();
    pool.submit([&, token] { queued_ran = true; });
    dropped = token.use_count() == held;
    std::this_thread::yield();
  }
  EXPECT_FALSE(ended);
  may_end.count_down();
  stopper.join();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(queued_ran);
}

TEST(WorkerPoolTest, APoolWithoutWorkStops) {
  WorkerPool pool(2);
  pool.stop();
  pool.stop();
}

}  // namespace
}  // namespace sb
