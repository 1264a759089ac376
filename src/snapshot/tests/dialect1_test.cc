#include "store_fixture.h"

// One `/snapshots` connection without its socket: what it sends, and when.

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, AResumedSessionGetsOnlyWhatChanged) {
  create(1, "a");
  create(2, "b");
  const std::string cursor = encode_cursor({"epoch-1", store.head(), true, full_view_hash("p")});
  say(3, R"({"name":"x"})", kA, "a");
  auto session = subscribe("p", cursor);
  EXPECT_EQ(messages(session), Messages{"changed a"});
}

TEST_F(StoreTest, ForeignOrBrokenCursorsGetABaseline) {
  create(1);
  for (const std::string& cursor :
       {std::string("nonsense"), encode_cursor({"other", 1, true, full_view_hash("p")}),
        encode_cursor({"epoch-1", 1, true, full_view_hash("q")}),
        encode_cursor({"epoch-1", 99, true, full_view_hash("p")})}) {
    auto session = subscribe("p", cursor);
    EXPECT_EQ(messages(session), Messages{"full w"}) << cursor;
  }
}

TEST_F(StoreTest, ASessionIsAtHeadOnceItHasSaidEverything) {
  create(1);
  auto session = subscribe();
  EXPECT_FALSE(session.is_at_head()) << "a baseline is to come";
  ASSERT_TRUE(session.next(mono));
  EXPECT_TRUE(session.is_at_head());
  say(2, R"({"name":"a"})");
  EXPECT_FALSE(session.is_at_head());
  mono += 1s;
  ASSERT_TRUE(session.next(mono));
  EXPECT_TRUE(session.is_at_head());
  say(3, R"({"name":"b"})");
  EXPECT_FALSE(session.next(mono)) << "held back";
  EXPECT_FALSE(session.is_at_head());
  store.remove_project(model::ProjectId("p"));
  EXPECT_FALSE(session.is_at_head()) << "its end is to be told";
}

// Readers that take long while every commit makes a new head: without a limit each would hold a
// text of the whole board of its own.
TEST_F(StoreTest, AHerdOfSlowReadersSharesTheBaselinesStillBeingSent) {
  create(1, "a");
  Dialect1Encoder herd(store, 1);  // byte: one text in flight is enough
  const auto join = [&] { return Dialect1Session(store, herd, {model::ProjectId("p"), "", 0ms}); };
  auto first = join();
  auto held = first.next(mono);
  ASSERT_TRUE(held);
  std::vector<Dialect1Session> readers;
  for (std::uint64_t i = 2; i < 50; ++i) {
    say(i, R"({"name":"n)" + std::to_string(i) + "\"}", kA, "a");
    readers.push_back(join());
    EXPECT_EQ(readers.back().next(mono), held) << "the same text, not an equal one";
  }
  const auto rest = readers.front().next(mono);
  ASSERT_TRUE(rest);  // and from there to head like anybody else
  EXPECT_NE(rest->back().text().find(R"("name":"n49")"), std::string::npos);
  EXPECT_EQ(readers.back().next(mono), rest) << "which is encoded once as well";
  held.reset();
  auto late = join();
  const auto newer = late.next(mono);
  ASSERT_TRUE(newer);  // nobody holds the old one: the baseline is at head again
  EXPECT_NE(newer->front().text().find(R"("name":"n49")"), std::string::npos);
  EXPECT_FALSE(late.next(mono));
}

TEST_F(StoreTest, TheFirstChangeGoesAtOnceAndLaterOnesKeepTheGap) {
  create(1);
  auto session = subscribe();
  ASSERT_TRUE(session.next(mono));
  mono += 1s;
  say(2, R"({"name":"a"})");
  EXPECT_TRUE(session.next(mono));
  say(3, R"({"name":"b"})");
  EXPECT_FALSE(session.next(mono + 10ms));
  EXPECT_EQ(session.wake_at(), mono + 100ms);
  EXPECT_TRUE(session.next(mono + 100ms));
}

TEST_F(StoreTest, S_117_AChangeOfTheStatusReasonNeverWaits) {
  create(1);
  auto session = subscribe();
  ASSERT_TRUE(session.next(mono));
  say(2, R"({"name":"a"})");
  EXPECT_FALSE(session.next(mono + 1ms));
  say(3, R"({"pendingRequestType":"permission_request"})");
  EXPECT_TRUE(session.next(mono + 2ms));
}

TEST_F(StoreTest, S_65_ContinuousEventsNeverStarveAChange) {
  create(1);
  auto session = subscribe();
  ASSERT_TRUE(session.next(mono));
  MonoTime last_sent = mono;
  for (std::uint64_t i = 2; i < 1'000; ++i) {
    mono += 10ms;
    say(i, R"({"name":"n)" + std::to_string(i) + "\"}");
    if (session.next(mono)) last_sent = mono;
    EXPECT_LE(mono - last_sent, 100ms);
  }
}

TEST_F(StoreTest, S_100_AReviewCountAloneResendsTheNewestEntry) {
  create(1);
  auto session = subscribe();
  messages(session);
  store.set_review_count(3);
  EXPECT_EQ(messages(session), Messages{"changed w"});
  store.set_review_count(3);
  EXPECT_TRUE(messages(session).empty());
}

TEST(Cursor, RoundTripsAndRefusesEveryOtherSpelling) {
  const Cursor cursor{"abc", 12, false, 0xFEED};
  const std::string text = encode_cursor(cursor);
  EXPECT_EQ(decode_cursor(text), cursor);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = broken[i] == '0' ? '1' : '0';
    EXPECT_FALSE(decode_cursor(broken)) << broken;
  }
}

}  // namespace
}  // namespace sb::snapshot
