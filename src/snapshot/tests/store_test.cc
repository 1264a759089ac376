#include "session_texts.h"
#include "store_fixture.h"

// What a store accepts from whom, and what it keeps silent about. Field defects have files of their
// own.

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, OurOwnFactOutranksAnExternalOneAndNothingOfTheEventIsApplied) {
  create(1, "w", SourceId::own);
  EXPECT_EQ(say(1, R"({"status":"FAILED","prNumber":3})", kA).outcome, Outcome::conflict);
  EXPECT_EQ(shown(Field::prNumber), "null");
  EXPECT_EQ(say(2, R"({"prNumber":3})", kA).outcome, Outcome::changed);
  EXPECT_EQ(remove(3, kA).outcome, Outcome::conflict);
}

TEST_F(StoreTest, AmongExternalSourcesTheLastArrivalWinsAndLateFactsOfTheLoserStayStale) {
  create(1);
  say(5, R"({"name":"from a"})", kA);
  say(1, R"({"name":"from b"})", kB);
  EXPECT_EQ(shown(Field::name), R"("from b")");
  EXPECT_EQ(say(4, R"({"name":"late a"})", kA).outcome, Outcome::stale);
  EXPECT_EQ(shown(Field::name), R"("from b")");
}

TEST_F(StoreTest, AGroupHasATimeOnceSomebodySaidSomethingOfIt) {
  create(1);
  const auto times = [&] {
    std::string text;
    store.entry(workspace())->text->append_complete(text);
    return text.substr(text.find(R"("fieldTimestamps":)"));
  };
  const std::string nobody = R"("pr":0,"session":0,"ratchet":0,"runScript":0,"reconciliation":0})";
  EXPECT_NE(times().find(nobody), std::string::npos) << times();
  say(2, sessions({kSessionA}));
  EXPECT_EQ(times().find(R"("session":0)"), std::string::npos) << times();
}

TEST_F(StoreTest, AWholeListRemovesOnlyItsOwnSourcesElements) {
  create(1);
  say(2, sessions({kSessionA}), kA);
  Update update;
  update.workspace = workspace();
  update.source = kB;
  update.stamp = {1, 1, 0};
  update.facts.sessions.upserts = facts(sessions({kSessionB})).sessions.upserts;
  store.apply(std::move(update), wall, mono);
  EXPECT_EQ(store.session(workspace(), "b")->sessionId, "b");
  say(3, R"({"sessionSummaries":[]})", kA);
  EXPECT_EQ(store.session(workspace(), "a"), nullptr);
  EXPECT_NE(store.session(workspace(), "b"), nullptr);
}

TEST_F(StoreTest, ACollectionThatWouldOverflowIsRefusedAsAWhole) {
  const auto requests = [](const std::string& name, std::size_t count) {
    std::string text = R"({"name":")" + name + R"(","pendingRequests":[)";
    for (std::size_t i = 0; i < count; ++i) {
      text.append(i == 0 ? "" : ",").append(R"({"sessionId":"one of many sessions","requestId":")");
      text.append(name).append(std::to_string(i)).append(R"(","type":"permission_request",)");
      text.append(R"("at":"2026-11-01T00:00:00.000Z"})");
    }
    return text + "]}";
  };
  create(1);
  EXPECT_EQ(say(2, requests("first", kElementsMax)).outcome, Outcome::changed);
  EXPECT_EQ(say(3, requests("second", kElementsMax)).outcome, Outcome::changed);
  EXPECT_EQ(say(4, requests("third", kElementsMax + 1)).outcome, Outcome::limit);
  EXPECT_EQ(shown(Field::name), R"("second")");
  EXPECT_EQ(say(5, requests("last", 1)).outcome, Outcome::changed);
  EXPECT_EQ(shown(Field::name), R"("last")");
}

TEST_F(StoreTest, ANewLifeOfASourceMakesTheOldOneStaleAndSyncRemovesWhatWasNotRestated) {
  const auto life = [&](const char* name) { return *store.source_epoch(kA, name); };
  const auto state = [&](std::uint32_t epoch, const char* id) {
    Update update;
    update.workspace = workspace(id);
    update.source = kA;
    update.stamp = {epoch, 1, 0};
    update.facts = facts(R"({"projectId":"p","status":"READY"})");
    return store.apply(std::move(update), wall, mono).outcome;
  };
  const std::uint32_t first = life("one");
  state(first, "kept");
  state(first, "lost");
  const std::uint32_t second = life("two");
  EXPECT_GT(second, first);
  EXPECT_FALSE(store.source_epoch(kA, "one").has_value());
  EXPECT_TRUE(present("lost"));  // still shown until the source says it is done
  EXPECT_EQ(state(second, "kept"), Outcome::unchanged);
  EXPECT_EQ(store.source_synced(kA, project(), wall, mono), std::vector{workspace("lost")});
  EXPECT_TRUE(present("kept"));
}

// --- dependent facts ---

// --- silence ---

TEST_F(StoreTest, ANewObservationTimeAloneSaysNothing) {
  create(1);
  say(2, R"({"prState":"OPEN","prUpdatedAt":"2026-11-01T00:00:00.000Z"})");
  const Revision head = store.head();
  say(3, R"({"prState":"OPEN","prUpdatedAt":"2026-11-01T00:01:00.000Z"})");
  EXPECT_EQ(store.head(), head);
  say(4, R"({"prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::prUpdatedAt), R"("2026-11-01T00:01:00.000Z")");
}

TEST_F(StoreTest, OneCommitIsOneRevision) {
  const Revision before = store.head();
  store.begin_commit();
  create(1, "a");
  create(2, "b");
  store.end_commit();
  EXPECT_EQ(store.head(), before + 1);
  auto session = subscribe("p", encode_cursor({"epoch-1", before, true, full_view_hash("p")}));
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 2U);
  EXPECT_EQ(batch->front().text().find(R"("cursor")"),
            std::string::npos);  // only on the last of a revision
  EXPECT_NE(batch->back().text().find(R"("cursor")"), std::string::npos);
}

// --- bounds ---

class SmallStoreTest : public StoreTest {
 protected:
  static Limits limits() {
    Limits limits;
    limits.workspaces_per_project_max = 3;
    limits.tombstones_max = 5;
    return limits;
  }
  SmallStoreTest() : StoreTest(limits()) {}
};

TEST_F(SmallStoreTest, AFullProjectEvictsTheStalestAndPassesDoNotBringItBack) {
  for (const char* id : {"a", "b", "c"})
    say(1, R"({"projectId":"p","status":"READY","prState":"CLOSED"})", kA, id);
  say(2, R"({"name":"touched"})", kA, "a");
  auto session = subscribe();
  messages(session);
  create(1, "d");
  EXPECT_EQ(store.entries(project()).size(), 3U);
  EXPECT_FALSE(present("b"));
  EXPECT_EQ(messages(session), (Messages{"removed b", "changed d"}));
  for (std::uint64_t pass = 10; pass < 20; ++pass) {
    EXPECT_EQ(
        say(pass, R"({"projectId":"p","status":"READY"})", kA, "b", Update::Cause::pass).outcome,
        Outcome::limit);
  }
  EXPECT_EQ(store.counts().evictions_total, 1U);
  EXPECT_EQ(say(30, R"({"projectId":"p","status":"READY"})", kA, "b").outcome, Outcome::changed);
}

TEST_F(SmallStoreTest, TombstonesAreBoundedAndAnOlderCursorIsReset) {
  create(1, "first");
  const std::string old_cursor =
      encode_cursor({"epoch-1", store.head(), true, full_view_hash("p")});
  for (std::uint64_t i = 2; i < 30; ++i) {
    create(i, "gone" + std::to_string(i));
    remove(i + 100, kA, "gone" + std::to_string(i));
  }
  store.expire(mono);
  EXPECT_LE(store.counts().tombstones, 5U);
  EXPECT_GT(store.floor(project()), 0U);
  auto session = subscribe("p", old_cursor);
  EXPECT_EQ(messages(session), Messages{"full first"});
}

TEST_F(SmallStoreTest, ALiveConnectionBelowTheFloorIsResetToo) {
  create(1, "first");
  auto session = subscribe();
  messages(session);
  for (std::uint64_t i = 2; i < 30; ++i) {
    create(i, "gone" + std::to_string(i));
    remove(i + 100, kA, "gone" + std::to_string(i));
  }
  store.expire(mono);
  EXPECT_EQ(messages(session), Messages{"full first"});
}

}  // namespace
}  // namespace sb::snapshot
