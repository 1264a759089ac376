#include <string>

#include "sync_fixture.h"

// The end of the numbers, and cursors that no revision of this epoch stands for.

namespace sb::snapshot {
namespace {

class ShortEpochTest : public SyncTest {
 protected:
  ShortEpochTest() : ShortEpochTest(8) {}
  explicit ShortEpochTest(Revision revision_max) : SyncTest(limits(revision_max)) {}
  static Limits limits(Revision revision_max) {
    Limits limits;
    limits.revision_max = revision_max;
    return limits;
  }
  void use_up(const std::string& id = "w") {
    while (store.head() < store_limit) {
      const std::uint64_t at = next();
      say(at, R"({"name":")" + std::to_string(at) + "\"}", kA, id);
    }
  }
  std::uint64_t next() { return ++at_; }

  Revision store_limit = 8;

 private:
  std::uint64_t at_ = 0;
};

class OneRevisionTest : public ShortEpochTest {
 protected:
  OneRevisionTest() : ShortEpochTest(1) { store_limit = 1; }
};

TEST(Revision, IsNeverMoreThanAJsonNumberKeeps) {
  EXPECT_EQ(Limits{}.revision_max, 9'007'199'254'740'991U);
  EXPECT_EQ(static_cast<Revision>(static_cast<double>(kRevisionMax)), kRevisionMax);
}

TEST_F(ShortEpochTest, TheCommitAfterTheLastRevisionBeginsAnotherEpoch) {
  create(next(), "other");
  create(next());
  use_up();
  EXPECT_EQ(store.head(), 8U);
  EXPECT_EQ(store.epoch(), "epoch-1");
  const std::string name = shown(Field::name);
  EXPECT_EQ(say(next(), R"({"branchName":"b"})").outcome, Outcome::changed);
  EXPECT_EQ(store.epoch(), "epoch-1_2");
  EXPECT_EQ(store.head(), 1U);
  EXPECT_EQ(version(), 1U);
  EXPECT_EQ(version("other"), 1U);
  EXPECT_EQ(shown(Field::name), name);
  EXPECT_EQ(shown(Field::branchName), R"("b")");
  EXPECT_EQ(store.workspace_count(project()), 2U);
  EXPECT_EQ(store.floor(project()), 0U);
}

TEST_F(ShortEpochTest, ReadersOfBothDialectsAreResetAndSeeNoRevisionGoBack) {
  create(next(), "gone");
  create(next());
  store.set_review_count(2);
  StrictClient client;
  auto sync = join(client);
  read(sync, client);
  auto dialect1 = subscribe();
  messages(dialect1);
  use_up();
  read(sync, client);
  messages(dialect1);
  remove(next(), kA, "gone");

  EXPECT_EQ(messages(dialect1), Messages{"full w"});
  read(sync, client);
  EXPECT_EQ(client.bye, "restart");
  EXPECT_EQ(sync.close_code(), 1001);
  EXPECT_TRUE(client.shown().entries.contains("gone")) << "what it holds is of the old epoch";
  auto again = join(client);
  read(again, client);
  EXPECT_EQ(client.last_reason, "epoch");
  EXPECT_EQ(client.shown().entries.size(), 1U);
  EXPECT_EQ(client.shown().review_count, 2);
  EXPECT_EQ(client.shown().revision, 1U);
  say(next(), R"({"name":"goes on"})");
  read(again, client);
  EXPECT_EQ(messages(dialect1), Messages{"changed w"});
  EXPECT_EQ(client.shown().entries.at("w").fields.at("name"), "\"goes on\"");
}

TEST_F(ShortEpochTest, AReaderInTheMiddleOfItsBaselineIsResetToo) {
  for (const char* id : {"a", "b", "c"}) create(next(), id);
  use_up("a");
  ViewEncoder tiny(store, {.bytes = 1, .ops = 1});
  StrictClient client;
  SyncSession session(tiny, {"s", 0ms, true, {}}, mono);
  session.on_message(client.hello(R"({"projectId":"p"})", true), mono);
  client.take(session.next(mono)->front().text());
  client.take(session.next(mono)->front().text());
  ASSERT_TRUE(client.staging());
  say(next(), R"({"name":"x"})", kA, "a");
  client.take(session.next(mono)->front().text());
  EXPECT_EQ(client.bye, "restart");
  SyncSession again(tiny, {"s", 0ms, true, {}}, mono);
  again.on_message(client.hello(R"({"projectId":"p"})", true, true), mono);
  while (const auto message = again.next(mono)) client.take(message->front().text());
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
  EXPECT_EQ(client.shown().entries.size(), 3U);
}

TEST_F(ShortEpochTest, AReaderThatWaitsForTheNextChangeGetsTheNewEpochWhole) {
  create(next());
  use_up();
  ViewFeed feed(views, View::full(project()), true);
  ASSERT_EQ(feed.resume(encode_cursor({"epoch-1", 8, true, full_view_hash("p")})), std::nullopt);
  ASSERT_FALSE(feed.look().batch);
  say(next(), R"({"name":"new"})");
  ASSERT_TRUE(feed.look().batch);
  const std::string batch = feed.next(1)->front().text();
  EXPECT_EQ(member(batch, "reason"), "\"epoch\"");
  EXPECT_EQ(member(batch, "from"), "0");
  EXPECT_EQ(member(batch, "to"), "1");
  EXPECT_EQ(decode_cursor(feed.cursor())->epoch, store.epoch());
}

TEST_F(ShortEpochTest, OrderRemovalsAndHistoryOutliveAnEpochAsFarAsTheyMayBeTold) {
  create(10, "gone");
  remove(20, kA, "gone");
  create(30);
  say(40, R"({"name":"kept"})");
  say(41, R"({"status":"ARCHIVING"})");
  while (store.epoch() == "epoch-1")
    store.set_review_count(static_cast<std::int64_t>(store.head()));
  EXPECT_EQ(say(39, R"({"name":"late"})").outcome, Outcome::stale);
  EXPECT_EQ(create(15, "gone").outcome, Outcome::stale);
  EXPECT_EQ(shown(Field::name), R"("kept")");
  auto session = subscribe();
  EXPECT_EQ(messages(session), Messages{"full"}) << "hidden it stays";
  say(50, R"({"status":"READY"})");
  EXPECT_EQ(messages(session), Messages{"changed w"});
}

TEST_F(OneRevisionTest, NothingEncodedInOneEpochIsToldInAnother) {
  create(next());
  auto dialect1 = subscribe();
  EXPECT_EQ(messages(dialect1), Messages{"full w"});
  StrictClient client;
  auto sync = join(client);
  read(sync, client);
  say(next(), R"({"name":"new"})");
  ASSERT_EQ(store.head(), 1U);
  const auto baseline = dialect1.next(mono);
  ASSERT_TRUE(baseline);
  EXPECT_NE(baseline->front().text().find(R"("name":"new")"), std::string::npos);
  EXPECT_NE(baseline->front().text().find(R"("epoch":"epoch-1_2")"), std::string::npos);
  read(sync, client);
  auto again = join(client);
  read(again, client);
  EXPECT_EQ(client.shown().entries.at("w").fields.at("name"), "\"new\"");
}

TEST_F(OneRevisionTest, ACommitThatBeginsAnEpochAndChangesNothingIsTold) {
  create(next());
  auto session = subscribe();
  messages(session);
  int told = 0;
  store.on_commit([&] { ++told; });
  say(next(), R"({"status":"READY"})");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(messages(session), Messages{"full w"});
  store.on_commit({});
}

TEST_F(SyncTest, ACursorAboveHeadStartsOverAndNothingGoesBack) {
  create(1);
  say(2, R"({"name":"x"})");
  for (const Revision ahead : {store.head() + 1, kRevisionMax, kRevisionMax + 1, ~Revision{0}}) {
    const std::string cursor = encode_cursor({"epoch-1", ahead, true, full_view_hash("p")});
    auto dialect1 = subscribe("p", cursor);
    EXPECT_EQ(messages(dialect1), Messages{"full w"}) << ahead;
    auto session = open();
    session.on_message(
        R"({"type":"hello","protocol":2,"view":{"projectId":"p"},"cursor":")" + cursor + "\"}",
        mono);
    const std::string welcome = say_next(session);
    EXPECT_EQ(member(welcome, "mode") + member(welcome, "reason"), R"("reset""initial")") << ahead;
    const std::string batch = say_next(session);
    EXPECT_EQ(member(batch, "from"), "0");
    EXPECT_EQ(member(batch, "to"), std::to_string(store.head()));
    EXPECT_EQ(member(batch, "reset"), "true");
  }
}

}  // namespace
}  // namespace sb::snapshot
