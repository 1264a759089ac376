#include "ready_set.h"

#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connection.h"
#include "event_loop_impl.h"
#include "socket.h"

namespace sb::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// One end of a socket pair, which notes what it is told and does as it is asked.
struct Told final : Connection {
  Told(ReadySet& ready, int fd) : socket(ready, fd) { socket.set_owner(*this); }
  void on_readable() override {
    heard.emplace_back("readable");
    if (when_readable) when_readable();
  }
  void on_writable() override {
    heard.emplace_back("writable");
    if (when_writable) when_writable();
  }
  void on_deadline(MonoTime) override {}
  void begin_shutdown() override {}
  void abort() override {}

  Socket socket;
  std::vector<std::string> heard;
  std::function<void()> when_readable;
  std::function<void()> when_writable;
};

class ReadySetTest : public ::testing::Test {
 protected:
  struct Pair {
    std::shared_ptr<Told> near;
    UniqueFd far;
  };
  Pair connected() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    return {std::make_shared<Told>(loop_.impl().ready, ends[0]), UniqueFd(ends[1])};
  }
  /// Everything that is ready by now has been told afterwards, and what follows from it.
  void run() {
    constexpr int kTurns = 10;
    for (int turn = 0; turn < kTurns; ++turn) loop_.impl().context.poll();
  }
  static void say(const UniqueFd& far) { ASSERT_EQ(::write(far.get(), "x", 1), 1); }
  EventLoop loop_;
};

TEST_F(ReadySetTest, TellsOnceForEachTimeItIsWanted) {
  auto [near, far] = connected();
  near->socket.wait_readable();
  run();
  EXPECT_THAT(near->heard, IsEmpty());
  say(far);
  run();
  EXPECT_THAT(near->heard, ElementsAre("readable"));
  run();  // still there to be read, but nobody asks
  EXPECT_THAT(near->heard, ElementsAre("readable"));
  near->socket.wait_readable();
  run();
  EXPECT_THAT(near->heard, ElementsAre("readable", "readable"));
}

TEST_F(ReadySetTest, TellsWhatIsWantedOnly) {
  auto [near, far] = connected();
  say(far);
  near->socket.wait_writable();
  run();
  EXPECT_THAT(near->heard, ElementsAre("writable"));
  near->socket.wait_readable();
  near->socket.wait_writable();
  run();
  EXPECT_THAT(near->heard, ElementsAre("writable", "writable", "readable"));
}

TEST_F(ReadySetTest, TheEndOfATurnComesWhenAllHaveBeenTold) {
  auto [one, far_one] = connected();
  auto [two, far_two] = connected();
  std::vector<std::string> order;
  for (const auto& near : {one, two}) {
    near->socket.wait_readable();
    near->when_readable = [&] {
      order.emplace_back("told");
      loop_.impl().at_turn_end([&] {
        order.emplace_back("end");
        loop_.impl().at_turn_end([&] { order.emplace_back("later"); });
      });
    };
  }
  say(far_one);
  say(far_two);
  run();
  EXPECT_THAT(order, ElementsAre("told", "told", "end", "end", "later", "later"));
}

TEST_F(ReadySetTest, OutsideOfATurnItsEndIsPosted) {
  bool ended = false;
  loop_.impl().at_turn_end([&] { ended = true; });
  EXPECT_FALSE(ended);
  run();
  EXPECT_TRUE(ended);
}

TEST_F(ReadySetTest, TheEndOfThePeerIsSomethingToRead) {
  auto [near, far] = connected();
  near->socket.wait_readable();
  run();
  far.reset();
  run();
  EXPECT_THAT(near->heard, ElementsAre("readable"));
  near->socket.wait_writable();  // broken: a try tells how
  run();
  EXPECT_THAT(near->heard, ElementsAre("readable", "writable"));
}

TEST_F(ReadySetTest, WhatNobodyWaitsForCostsNothing) {
  auto [near, far] = connected();
  near->socket.wait_readable();
  near->socket.wait_writable();
  run();  // writable from now on, and nobody asks
  say(far);
  run();  // readable from now on
  far.reset();
  run();
  EXPECT_EQ(loop_.impl().context.poll(), 0U) << "the loop is woken for nothing";
  EXPECT_THAT(near->heard, ElementsAre("writable", "readable"));
}

TEST_F(ReadySetTest, NobodyIsToldAfterItsEnd) {
  auto [near, far] = connected();
  auto [other, its_far] = connected();
  // Both are ready in one turn, and whoever is told first ends the other.
  near->when_readable = [&other = other] { other->socket.close(); };
  other->when_readable = [&near = near] { near->socket.close(); };
  near->socket.wait_readable();
  other->socket.wait_readable();
  say(far);
  say(its_far);
  run();
  EXPECT_EQ(near->heard.size() + other->heard.size(), 1U);
}

TEST_F(ReadySetTest, ASocketWithTheNumberOfAnEarlierOneStartsAnew) {
  auto [near, far] = connected();
  const int number = near->socket.handle();
  near->socket.wait_readable();
  near->socket.close();
  auto [next, next_far] = connected();
  ASSERT_EQ(next->socket.handle(), number);
  say(next_far);
  run();
  EXPECT_THAT(next->heard, IsEmpty());
  next->socket.wait_readable();
  run();
  EXPECT_THAT(next->heard, ElementsAre("readable"));
  EXPECT_THAT(near->heard, IsEmpty());
}

TEST_F(ReadySetTest, AnOwnerMayEndItselfAndAnotherTakeOver) {
  auto [near, far] = connected();
  std::shared_ptr<Told> second;
  near->when_readable = [&, &near = near] {
    second = std::make_shared<Told>(loop_.impl().ready, ::dup(near->socket.handle()));
    second->socket.wait_readable();
    near.reset();  // the last that holds it but for whoever tells it
  };
  near->socket.wait_readable();
  say(far);
  run();
  ASSERT_NE(second, nullptr);
  EXPECT_THAT(second->heard, ElementsAre("readable"));
}

TEST_F(ReadySetTest, ManyMoreThanOneTurnTakesAreAllTold) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 300; ++i) {
    pairs.push_back(connected());
    pairs.back().near->socket.wait_readable();
    say(pairs.back().far);
  }
  run();
  for (const Pair& pair : pairs) EXPECT_THAT(pair.near->heard, ElementsAre("readable"));
}

}  // namespace
}  // namespace sb::transport
