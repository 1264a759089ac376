#include <map>
#include <string>

#include "sb/snapshot/view_feed.h"

#include "store_fixture.h"

// An answer that takes several batches although all of it has one revision: what a restart makes of
// every board.

namespace sb::snapshot {
namespace {

constexpr int kEntries = 60;
constexpr std::size_t kOpsMax = 7;  // of a batch: no divisor of the entries

class LongAnswerTest : public StoreTest {
 protected:
  LongAnswerTest() : views(store, BatchLimits{.ops = kOpsMax}) {
    store.begin_commit();
    for (int i = 0; i < kEntries; ++i) create(1, name(i));
    store.end_commit();
  }
  static std::string name(int i) { return "w" + std::to_string(i); }

  /// One poll, as a reader without a connection asks: a feed of its own, from the cursor on. True
  /// when there was something.
  bool poll(std::string& cursor) {
    ViewFeed feed(views, View::full(project()), true);
    const auto refused = cursor.empty() ? std::nullopt : feed.resume(cursor);
    EXPECT_EQ(refused, std::nullopt);
    if (!feed.look().batch) return false;
    const auto batch = feed.next(1);
    for (const auto& op : ops(batch->front().text())) ++told[op];
    cursor = feed.cursor();
    return true;
  }

  ViewEncoder views;
  std::map<std::string, int> told;  // op and id
};

TEST_F(LongAnswerTest, PollsComeToItsEndAndTellEachEntryOnce) {
  std::string cursor;
  int polls = 0;
  while (poll(cursor)) ASSERT_LT(++polls, kEntries);
  EXPECT_EQ(polls, (kEntries + static_cast<int>(kOpsMax) - 1) / static_cast<int>(kOpsMax));
  EXPECT_EQ(told.size(), static_cast<std::size_t>(kEntries));
  for (const auto& [op, times] : told) EXPECT_EQ(times, 1) << op;
}

TEST_F(LongAnswerTest, WhatMovesMeanwhileIsToldInItsPlace) {
  std::string cursor;
  std::uint64_t sequence = 1;
  int polls = 0;
  while (poll(cursor)) {
    ASSERT_LT(++polls, 2 * kEntries);
    ++sequence;
    if (polls <= 3) {
      say(sequence, R"({"status":"FAILED"})", kA, name(polls));
      say(sequence, R"({"status":"FAILED"})", kA, name(kEntries - polls));
      remove(sequence, kA, name(10 * polls));
    }
  }
  for (int i = 0; i < kEntries; ++i) {
    const bool gone = i == 10 || i == 20 || i == 30;
    EXPECT_TRUE(gone ? told.contains("del " + name(i)) || !told.contains("put " + name(i))
                     : told.contains("put " + name(i)))
        << name(i);
  }
}

TEST_F(LongAnswerTest, ACursorInsideARevisionIsOneTextAndNoOther) {
  std::string cursor;
  ASSERT_TRUE(poll(cursor));
  const auto read = decode_cursor(cursor);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->complete);
  ASSERT_TRUE(read->within);
  EXPECT_EQ(read->covered(), read->revision - 1);
  EXPECT_EQ(encode_cursor(*read), cursor);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string broken = cursor;
    broken[i] = broken[i] == '0' ? '1' : '0';
    EXPECT_FALSE(decode_cursor(broken)) << broken;
  }
}

}  // namespace
}  // namespace sb::snapshot
