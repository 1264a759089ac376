#include "refresh_queue.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/fake_loop.h"

namespace sb::git {
namespace {

using namespace std::chrono_literals;
using model::WorkspaceId;

class RefreshQueueTest : public ::testing::Test {
 protected:
  static WorkspaceId id(const std::string& text) { return WorkspaceId(text); }

  void finish(const std::string& name) {
    for (auto& [started, ticket] : running) {
      if (started != id(name)) continue;
      const auto done = std::exchange(ticket, 0);
      queue.finished(done);
      std::erase_if(running, [](const auto& entry) { return entry.second == 0; });
      return;
    }
    FAIL() << name << " does not run";
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [started, ticket] : running) result.push_back(started.str());
    return result;
  }

  using Names = std::vector<std::string>;
  testing::FakeLoop loop;
  std::vector<std::pair<WorkspaceId, RefreshQueue::Ticket>> running;
  RefreshQueue queue{loop,
                     loop.clock(),
                     {1'000ms, 5'000ms, 2},
                     [this](const WorkspaceId& started, RefreshQueue::Ticket ticket) {
                       running.emplace_back(started, ticket);
                     }};
};

TEST_F(RefreshQueueTest, ReadsOnceAfterItBecameQuiet) {
  queue.hint(id("a"));
  loop.advance(900ms);
  queue.hint(id("a"));
  loop.advance(900ms);
  EXPECT_EQ(names(), Names{});
  EXPECT_FALSE(queue.quiet(id("a")));
  loop.advance(200ms);
  EXPECT_EQ(names(), Names{"a"});
  finish("a");
  EXPECT_TRUE(queue.quiet(id("a")));
  loop.advance(1h);
  EXPECT_EQ(names(), Names{});
  EXPECT_EQ(loop.timers(), 0U);
}

TEST_F(RefreshQueueTest, ReadsInTheEndHoweverRestlessItIs) {
  for (int i = 0; i < 60; ++i) {
    queue.hint(id("a"));
    if (!running.empty()) break;
    loop.advance(100ms);
  }
  EXPECT_EQ(names(), Names{"a"});
}

TEST_F(RefreshQueueTest, ReadsOnceMoreAfterAHintDuringARead) {
  queue.urgent(id("a"));
  EXPECT_EQ(names(), Names{"a"});
  queue.hint(id("a"));
  queue.urgent(id("a"));
  queue.hint(id("a"));
  loop.advance(1min);
  EXPECT_EQ(names(), Names{"a"}) << "one in flight";
  finish("a");
  EXPECT_EQ(names(), Names{}) << "not before as much time has passed as the read took";
  loop.advance(50s);
  EXPECT_EQ(names(), Names{});
  loop.advance(11s);
  EXPECT_EQ(names(), Names{"a"});
  finish("a");
  loop.advance(1h);
  EXPECT_EQ(names(), Names{});
}

TEST_F(RefreshQueueTest, RunsAFewAtOnceInTheirOrder) {
  for (const char* name : {"a", "b", "c", "d"}) queue.urgent(id(name));
  EXPECT_EQ(names(), (Names{"a", "b"}));
  queue.urgent(id("a"));  // again, behind those who wait
  finish("a");
  EXPECT_EQ(names(), (Names{"b", "c"}));
  loop.advance(1min);
  finish("b");
  EXPECT_EQ(names(), (Names{"c", "d"}));
  finish("c");
  EXPECT_EQ(names(), (Names{"d", "a"}));
}

TEST_F(RefreshQueueTest, ForgetsWhatIsRemovedButNotItsSlot) {
  queue.urgent(id("a"));
  queue.urgent(id("b"));
  queue.urgent(id("c"));
  queue.hint(id("d"));
  queue.remove(id("a"));
  queue.remove(id("c"));
  queue.remove(id("d"));
  loop.advance(1h);
  EXPECT_EQ(names(), (Names{"a", "b"}));
  queue.urgent(id("a"));  // a new life of the same id
  EXPECT_EQ(names(), (Names{"a", "b"}));
  finish("a");
  EXPECT_EQ(names(), (Names{"b", "a"}));
  finish("a");
  EXPECT_TRUE(queue.quiet(id("a")));
  queue.finished(12345);
}

TEST_F(RefreshQueueTest, LaterYieldsToWhateverComesFirst) {
  queue.later(id("a"), 10min);
  EXPECT_FALSE(queue.quiet(id("a")));
  queue.hint(id("a"));
  loop.advance(2s);
  EXPECT_EQ(names(), Names{"a"});
  queue.later(id("a"), 10s);
  finish("a");
  loop.advance(9s);
  EXPECT_EQ(names(), Names{});
  loop.advance(2s);
  EXPECT_EQ(names(), Names{"a"});
}

}  // namespace
}  // namespace sb::git
