#include "send_ring.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/unique_fd.h"

namespace sb::transport {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

struct Pair {
  UniqueFd near;
  UniqueFd far;
};

Pair connected() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string everything(const UniqueFd& from) {
  std::string all;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(from.get(), buffer, sizeof buffer)) > 0;) {
    all.append(buffer, static_cast<std::size_t>(got));
  }
  return all;
}

class SendRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ring_.available()) GTEST_SKIP() << "this kernel has no io_uring, or does not let us";
  }
  // Never closed: that would interrupt a system call of this thread some time later, in the middle
  // of another test.
  static inline SendRing& ring_ = *new SendRing;
};

TEST_F(SendRingTest, EachSocketGetsItsOwn) {
  const Pair one = connected();
  const Pair two = connected();
  ring_.add(one.near.get(), "first");
  ring_.add(two.near.get(), "other");
  ring_.add(one.near.get(), " and second");
  EXPECT_EQ(ring_.size(), 3U);
  EXPECT_THAT(ring_.run(), ElementsAre(5, 5, 11));
  EXPECT_EQ(ring_.size(), 0U);
  EXPECT_EQ(everything(one.far), "first and second");
  EXPECT_EQ(everything(two.far), "other");
}

TEST_F(SendRingTest, ASocketTakesWhatFitsAndNobodyWaits) {
  const Pair full = connected();
  const Pair other = connected();
  const std::string much(8U << 20U, 'x');
  ring_.add(full.near.get(), much);
  ring_.add(full.near.get(), "y");
  ring_.add(other.near.get(), "z");
  const auto sent = ring_.run();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_GT(sent[0], 0U);
  EXPECT_LT(sent[0], much.size());
  EXPECT_EQ(sent[1], 0U);
  EXPECT_EQ(sent[2], 1U);
  EXPECT_EQ(everything(full.far), much.substr(0, sent[0]));
}

TEST_F(SendRingTest, APeerThatIsGoneIsNoSignal) {
  Pair gone = connected();
  const Pair other = connected();
  gone.far = UniqueFd();
  ring_.add(gone.near.get(), "x");
  ring_.add(other.near.get(), "z");
  EXPECT_THAT(ring_.run(), ElementsAre(0, 1));
}

TEST_F(SendRingTest, GoesOnAfterBeingFull) {
  std::vector<Pair> pairs;
  while (pairs.size() < SendRing::kSendsMax) pairs.push_back(connected());
  for (int round = 0; round < 5; ++round) {
    for (const Pair& pair : pairs) ring_.add(pair.near.get(), "word");
    EXPECT_TRUE(ring_.full());
    EXPECT_THAT(ring_.run(), Each(4U));
  }
  for (const Pair& pair : pairs) EXPECT_EQ(everything(pair.far), "wordwordwordwordword");
}

}  // namespace
}  // namespace sb::transport
