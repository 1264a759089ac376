#include <string>
#include <vector>

#include "session_texts.h"
#include "sync_fixture.h"

// Field defects of delivery, in both dialects: what a reader is told, when, and how often.

namespace sb::snapshot {
namespace {

TEST_F(SyncTest, S_73_ARestartIsVisibleInTheFirstMessage) {
  create(1);
  auto session = subscribe();
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  EXPECT_NE(batch->front().text().find(R"("epoch":"epoch-1")"), std::string::npos);
}

TEST_F(SyncTest, S_80_NoMessageRepeatsWhatTheBaselineHeld) {
  create(1);
  say(2, R"({"name":"b"})");
  auto session = subscribe();
  EXPECT_EQ(messages(session), Messages{"full w"});
  EXPECT_TRUE(messages(session).empty());
}

TEST_F(SyncTest, S_88_BaselinesAreNewestFirst) {
  say(1, R"({"projectId":"p","status":"READY","createdAt":"2026-01-01T00:00:00.000Z"})", kA, "a");
  say(2, R"({"projectId":"p","status":"READY","createdAt":"2026-03-01T00:00:00.000Z"})", kA, "b");
  say(3, R"({"projectId":"p","status":"READY","createdAt":"2026-03-01T00:00:00.000Z"})", kA, "c");
  auto session = subscribe();
  EXPECT_EQ(messages(session), Messages{"full b c a"});
}

TEST_F(SyncTest, S_30_AnUrgentChangeTakesAlongWhatWaited) {
  create(1);
  auto session = subscribe();
  ASSERT_TRUE(session.next(mono));
  mono += 1s;
  say(2, R"({"name":"first"})");
  ASSERT_TRUE(session.next(mono));
  say(3, R"({"runScriptStatus":"RUNNING"})");
  EXPECT_FALSE(session.next(mono));
  mono += 20ms;
  say(4, R"({"isWorking":true})");
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 1U);
  EXPECT_NE(batch->front().text().find(R"("runScriptStatus":"RUNNING")"), std::string::npos);
  EXPECT_NE(batch->front().text().find(R"("isWorking":true)"), std::string::npos);
  mono += 1s;
  EXPECT_FALSE(session.next(mono));
}

TEST_F(SyncTest, S_46_WhatHappensBeforeTheBaselineIsInIt) {
  create(1);
  auto session = subscribe();
  StrictClient client;
  auto sync = join(client);
  for (const char* name : {"a", "b", "c"}) {
    say(store.head() + 10, std::string(R"({"name":")") + name + "\"}");
  }
  const auto first = session.next(mono);
  ASSERT_TRUE(first);
  EXPECT_EQ(brief(first->front().text()), "full w");
  EXPECT_NE(first->front().text().find(R"("name":"c")"), std::string::npos);
  EXPECT_TRUE(messages(session).empty());
  read(sync, client);
  EXPECT_EQ(client.shown().entries.at("w").fields.at("name"), "\"c\"");
  EXPECT_EQ(client.batches, 1U);
}

TEST_F(SyncTest, S_49_NoMessageTakesTheReviewCountBack) {
  create(1);
  store.set_review_count(2);
  auto session = subscribe();
  StrictClient client;
  auto sync = join(client);
  messages(session);
  read(sync, client);
  say(2, R"({"name":"held back"})");
  store.set_review_count(3);
  mono += 1s;
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  for (const auto& message : *batch) {
    const std::string text = message.text();
    EXPECT_NE(text.find(R"("reviewCount":3)"), std::string::npos) << text;
  }
  read(sync, client);
  EXPECT_EQ(client.shown().review_count, 3);
}

TEST_F(SyncTest, S_74_ALostMessageIsNoticedWithTheNextOne) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(3, R"({"name":"lost"})", kA, "a");
  mono += 1s;
  ASSERT_TRUE(session.next(mono));  // and never delivered
  say(4, R"({"name":"told"})", kA, "b");
  mono += 1s;
  client.take(session.next(mono)->front().text());
  ASSERT_EQ(client.errors.size(), 1U);
  EXPECT_EQ(client.errors.front().rfind("T1: from", 0), 0U) << client.errors.front();
}

TEST_F(SyncTest, S_75_WhatALostConnectionTookComesAgainWithTheCursor) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  auto dialect1 = subscribe();
  messages(dialect1);
  const std::string cursor = client.shown().cursor;
  say(3, R"({"name":"lost"})", kA, "a");
  remove(4, kA, "b");
  mono += 1s;
  ASSERT_TRUE(session.next(mono));
  ASSERT_TRUE(dialect1.next(mono));
  auto again = join(client);
  read(again, client);
  EXPECT_EQ(client.last_reason, "resume");
  EXPECT_EQ(client.shown().entries.at("a").fields.at("name"), "\"lost\"");
  EXPECT_FALSE(client.shown().entries.contains("b"));
  auto resumed = subscribe("p", cursor);
  EXPECT_EQ(messages(resumed), (Messages{"changed a", "removed b"}));
}

TEST_F(SyncTest, S_76_TheDigestTellsAReaderThatItsViewIsWrong) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(2, R"({"name":"x"})");
  mono += 1s;
  std::string batch = session.next(mono)->front().text();
  const auto ops = batch.find(R"("ops":[)") + 7;
  batch.replace(ops, batch.size() - ops, "]}");  // a reader that loses what it was told
  client.take(batch);
  ASSERT_TRUE(client.errors.empty());
  mono += kHeartbeatDefault;
  client.take(session.next(mono)->front().text());
  EXPECT_EQ(client.errors, std::vector<std::string>{"V4: the digest differs"});
}

TEST_F(SyncTest, S_78_AStalledReaderGetsTheNewestOfEachWorkspaceAndDelaysNobody) {
  constexpr int kWorkspaces = 100;
  for (int i = 0; i < kWorkspaces; ++i) create(1, "w" + std::to_string(i));
  StrictClient slow;
  StrictClient quick;
  auto stalled = join(slow);
  auto live = join(quick);
  auto stalled1 = subscribe();
  read(stalled, slow);
  read(live, quick);
  messages(stalled1);
  std::uint64_t at = 1;
  for (int i = 0; i < 20'000; ++i) {
    say(++at, R"({"prNumber":)" + std::to_string(i) + "}", kA,
        "w" + std::to_string(i % kWorkspaces));
    if (i % 500 == 0) {
      mono += 100ms;
      EXPECT_TRUE(live.next(mono)) << "nobody waits for the stalled one";
    }
  }
  const std::uint64_t before = slow.messages;
  read(stalled, slow);
  EXPECT_EQ(slow.messages, before + 1);
  EXPECT_EQ(slow.shown().revision, store.head());
  for (int i = 0; i < kWorkspaces; ++i) {
    EXPECT_EQ(slow.shown().entries.at("w" + std::to_string(i)).fields.at("prNumber"),
              std::to_string(19'900 + i));
  }
  EXPECT_EQ(messages(stalled1).size(), std::size_t{kWorkspaces});
}

TEST_F(SyncTest, S_79_ChangesBeforeTheBaselineAreHeldByNobody) {
  for (int i = 0; i < 10; ++i) create(1, "w" + std::to_string(i));
  auto waiting = subscribe();
  StrictClient client;
  auto sync = join(client);
  std::uint64_t at = 1;
  for (int i = 0; i < 20'000; ++i) {
    say(++at, R"({"prNumber":)" + std::to_string(i) + "}", kA, "w" + std::to_string(i % 10));
  }
  ASSERT_EQ(waiting.next(mono)->size(), 1U);
  EXPECT_TRUE(messages(waiting).empty());
  read(sync, client);
  EXPECT_EQ(client.messages, 2U) << "a welcome and a baseline";
  EXPECT_EQ(client.shown().entries.at("w9").fields.at("prNumber"), "19999");
}

TEST_F(SyncTest, S_87_OneBooleanCostsHalfAKilobyteAtMost) {
  constexpr std::size_t kBudgetBytes = 512;
  create(1);
  say(2, sessions({kSessionA, kSessionB}));
  say(3, R"({"ratchetEnabled":false})");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(4, R"({"ratchetEnabled":true})");
  mono += 1s;
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  EXPECT_LE(batch->front().size(), kBudgetBytes);
  EXPECT_GT(store.entry(workspace())->text->complete().size(), 2 * kBudgetBytes);
  client.take(batch->front().text());
  EXPECT_EQ(client.shown().entries.at("w").fields.at("ratchetEnabled"), "true");
}

}  // namespace
}  // namespace sb::snapshot
