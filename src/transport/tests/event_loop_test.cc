#include "sb/transport/event_loop.h"

#include <csignal>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/clock.h"
#include "sb/testing/fake_loop.h"

#include "connection.h"
#include "deadline_queue.h"

namespace sb::transport {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(EventLoop, RunsPostedTasksInOrder) {
  EventLoop loop;
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) loop.post([&, i] { ran.push_back(i); });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST(EventLoop, FiresTimersByTimeAndForgetsCancelledOnes) {
  EventLoop loop;
  std::vector<int> fired;
  loop.after(milliseconds(20), [&] { loop.stop(); });
  loop.after(milliseconds(10), [&] { fired.push_back(2); });
  const auto cancelled = loop.after(milliseconds(5), [&] { fired.push_back(9); });
  loop.after(milliseconds(1), [&] { fired.push_back(1); });
  EXPECT_NE(cancelled, 0U);
  loop.cancel(cancelled);
  loop.cancel(cancelled);
  loop.cancel(12345);
  loop.run();
  EXPECT_THAT(fired, ElementsAre(1, 2));
}

TEST(EventLoop, ForgetsATimerCancelledAfterItCameDue) {
  EventLoop loop;
  bool fired = false;
  Loop::TimerId second = 0;
  loop.after(milliseconds(1), [&] { loop.cancel(second); });
  second = loop.after(milliseconds(1), [&] { fired = true; });
  loop.after(milliseconds(10), [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(fired);
}

TEST(EventLoop, HandsOnSignals) {
  EventLoop loop;
  std::vector<int> signals;
  loop.on_signal([&](int signal) {
    signals.push_back(signal);
    if (signals.size() == 1) std::raise(SIGINT);
    if (signals.size() == 2) loop.stop();
  });
  std::raise(SIGTERM);
  loop.run();
  EXPECT_THAT(signals, ElementsAre(SIGTERM, SIGINT));
}

/// Counts how often its deadline came.
struct Waiting final : Connection {
  void on_readable() override {}
  void on_writable() override {}
  void on_deadline(MonoTime) override { ++fired; }
  void begin_shutdown() override {}
  void abort() override {}
  int fired = 0;
};

TEST(DeadlineQueue, HasOneTimerAndNoneWhenNothingIsAwaited) {
  testing::FakeLoop loop;
  DeadlineQueue queue(loop, loop.clock());
  const auto first = std::make_shared<Waiting>();
  const auto second = std::make_shared<Waiting>();
  const MonoTime now = loop.clock().mono_now();
  EXPECT_EQ(loop.timers(), 0U);
  queue.set(*first, now + std::chrono::hours(2));
  queue.set(*second, now + std::chrono::hours(1));
  queue.set(*first, now + std::chrono::hours(3));
  EXPECT_EQ(loop.timers(), 1U);
  loop.advance(std::chrono::minutes(90));
  EXPECT_EQ(second->fired, 1);
  EXPECT_EQ(first->fired, 0);
  EXPECT_EQ(loop.timers(), 1U);
  queue.clear(*first);
  queue.clear(*first);
  EXPECT_EQ(loop.timers(), 0U);
}

}  // namespace
}  // namespace sb::transport
