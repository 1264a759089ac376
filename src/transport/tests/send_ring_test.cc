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

/// With one system call for all, where this kernel lets us, and with one for each.
class SendRingTest : public ::testing::TestWithParam<bool> {
 protected:
  // Not closed between tests: that would interrupt a system call of this thread some time later.
  static SendRing& ring() {
    static SendRing joined(true);
    static SendRing single(false);
    return GetParam() ? joined : single;
  }
  SendRing& ring_ = ring();
};

TEST_P(SendRingTest, EachSocketGetsItsOwn) {
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

TEST_P(SendRingTest, ASocketTakesWhatFitsAndNobodyWaits) {
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

TEST_P(SendRingTest, APeerThatIsGoneIsNoSignal) {
  Pair gone = connected();
  const Pair other = connected();
  gone.far = UniqueFd();
  ring_.add(gone.near.get(), "x");
  ring_.add(other.near.get(), "z");
  EXPECT_THAT(ring_.run(), ElementsAre(0, 1));
}

TEST_P(SendRingTest, GoesOnAfterBeingFull) {
  std::vector<Pair> pairs;
  while (pairs.size() < SendRing::kSendsMax) pairs.push_back(connected());
  for (int round = 0; round < 5; ++round) {
    for (const Pair& pair : pairs) ring_.add(pair.near.get(), "word");
    EXPECT_TRUE(ring_.full());
    EXPECT_THAT(ring_.run(), Each(4U));
  }
  for (const Pair& pair : pairs) EXPECT_EQ(everything(pair.far), "wordwordwordwordword");
}

INSTANTIATE_TEST_SUITE_P(Sends, SendRingTest, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Joined" : "Single"; });

}  // namespace
}  // namespace sb::transport
