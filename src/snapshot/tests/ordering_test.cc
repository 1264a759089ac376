// Order, absence and bounds where the simulator or the state machine found the store wrong; each
// case as small as it gets.

#include <string>

#include <gtest/gtest.h>

#include "store_fixture.h"

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, S_94_NeighbouringPullRequestNumbersAreToldApart) {
  create(1);
  say(2, R"({"prNumber":2,"prState":"OPEN","prCiStatus":"FAILURE"})");
  say(3, R"({"prNumber":3})");
  EXPECT_EQ(shown(Field::prCiStatus), R"("UNKNOWN")");
  EXPECT_TRUE(unknown(Field::prCiStatus));
}

TEST_F(StoreTest, AnElementOfAnEarlierLifeIsStale) {
  create(1);
  create(8);
  EXPECT_EQ(remove(7).outcome, Outcome::stale);
  EXPECT_EQ(say(5, R"({"terminals":[{"id":"t","state":"open","lastActivityAt":null}]})").outcome,
            Outcome::stale);
  EXPECT_EQ(shown(Field::terminals), "[]");
}

constexpr std::string_view kSession =
    R"({"sessionId":"s","name":null,"workflow":null,"model":null,"persistedStatus":"RUNNING","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";
constexpr std::string_view kRequest =
    R"({"sessionId":"s","requestId":"r","type":"permission_request","at":"2026-11-01T00:00:00.000Z"})";

// A list without the session ends the session's requests of the same moment, whether the session
// was there, was removed before, or comes late.
TEST_F(StoreTest, AnEmptySessionListEndsRequestsInAnyOrder) {
  const std::string session = R"({"sessionSummaries":[)" + std::string(kSession) + "]}";
  const std::string none =
      R"({"sessionSummaries":[],"pendingRequests":[)" + std::string(kRequest) + "]}";
  for (const char* id : {"before", "late", "never"}) create(1, id);
  say(2, session, kA, "before");
  for (const char* id : {"before", "late", "never"}) say(3, none, kA, id);
  say(2, session, kA, "late");
  for (const char* id : {"before", "late", "never"}) {
    EXPECT_EQ(shown(Field::pendingRequests, id), "[]") << id;
    EXPECT_EQ(shown(Field::pendingRequestType, id), "null") << id;
  }
  say(4, R"({"pendingRequests":[)" + std::string(kRequest) + "]}", kA, "never");
  EXPECT_NE(shown(Field::pendingRequests, "never"), "[]");
}

TEST_F(StoreTest, S_90_TheRequestOfASessionNobodyToldOfGoesWithItsRemoval) {
  create(1);
  say(2,
      R"({"pendingRequests":[)" + std::string(kRequest) +
          R"(,{"sessionId":"other","requestId":"r","type":"permission_request","at":"2026-11-01T00:00:00.000Z"}]})");
  Update update;
  update.workspace = workspace();
  update.source = kA;
  update.stamp = {1, 3, 0};
  update.facts.sessions.removals.push_back("s");
  store.apply(std::move(update), wall, mono);
  EXPECT_EQ(shown(Field::pendingRequests).find(R"("sessionId":"s")"), std::string::npos);
  EXPECT_NE(shown(Field::pendingRequests).find(R"("sessionId":"other")"), std::string::npos);
}

// The other request keeps the type of what is pending as it was: only the list itself moves.
TEST_F(StoreTest, S_28_ARequestRaisedAnewAfterItsSessionEndedStandsAgain) {
  const std::string requests =
      R"({"pendingRequests":[)" + std::string(kRequest) +
      R"(,{"sessionId":"other","requestId":"r","type":"permission_request","at":"2026-11-01T00:00:00.000Z"}]})";
  create(1);
  say(2, requests);
  const std::string both = shown(Field::pendingRequests);
  Update update;
  update.workspace = workspace();
  update.source = kA;
  update.stamp = {1, 3, 0};
  update.facts.sessions.removals.push_back("s");
  store.apply(std::move(update), wall, mono);
  EXPECT_NE(shown(Field::pendingRequests), both);
  say(4, requests);
  EXPECT_EQ(shown(Field::pendingRequests), both);
}

class TinyStoreTest : public StoreTest {
 protected:
  TinyStoreTest() : StoreTest(limits()) {}
  static Limits limits() {
    Limits limits;
    limits.workspaces_per_project_max = 2;
    limits.workspaces_max = 3;
    limits.tombstones_max = 2;
    return limits;
  }
};

TEST_F(TinyStoreTest, AnEvictedEntryIsNotBroughtBackByAnOlderFact) {
  create(1, "a");
  say(5, R"({"name":"new"})", kA, "a");
  create(6, "b");
  create(7, "c");
  ASSERT_FALSE(present("a"));
  EXPECT_EQ(create(4, "a").outcome, Outcome::stale);
  EXPECT_FALSE(present("a"));
  EXPECT_EQ(create(8, "a").outcome, Outcome::changed);
  EXPECT_TRUE(present("a"));
}

TEST_F(TinyStoreTest, RemovingWhatWasEvictedCountsAndStays) {
  create(1, "a");
  create(2, "b");
  create(3, "c");
  ASSERT_FALSE(present("a"));
  EXPECT_EQ(store.counts().evicted, 1U);
  EXPECT_EQ(remove(4, kA, "a").outcome, Outcome::unchanged);
  EXPECT_EQ(store.counts().evicted, 0U);
  EXPECT_EQ(create(3, "a").outcome, Outcome::stale);
}

TEST_F(TinyStoreTest, AMoveIntoAFullProjectMakesRoomToo) {
  create(1, "a", kA, "q");
  create(2, "b");
  say(3, R"({"name":"busy"})", kA, "b");
  create(4, "c");
  ASSERT_EQ(store.counts().entries, 3U);
  say(5, R"({"projectId":"p"})", kA, "a");
  EXPECT_EQ(store.ids(project("p")).size(), 2U);
  EXPECT_TRUE(present("a"));
  EXPECT_FALSE(present("b"));
  EXPECT_EQ(store.counts().evictions_total, 1U);
}

TEST_F(TinyStoreTest, EntriesOfAllProjectsAreBoundedEvenForAnEmptyProject) {
  ASSERT_TRUE(store.put_project({project("r"), "r", {}, {}, true, {}, {}}));
  create(1, "a");
  create(2, "b");
  create(3, "c", kA, "q");
  ASSERT_EQ(store.counts().entries, 3U);
  create(4, "d", kA, "r");
  EXPECT_EQ(store.counts().entries, 3U);
  EXPECT_TRUE(present("d"));
  EXPECT_FALSE(present("a"));
}

TEST_F(TinyStoreTest, TombstonesAreBoundedWithoutWaitingForAPass) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::string id = "w" + std::to_string(i);
    remove(2 * i + 1, kA, "unknown" + id);
    create(2 * i + 1, id);
    remove(2 * i + 2, kA, id);
    EXPECT_LE(store.counts().tombstones, 2U);
    EXPECT_LE(store.changes(project(), store.floor(project())).size(), 2U);
  }
}

TEST_F(TinyStoreTest, OneIdThatComesAndGoesPushesNoOtherTombstoneOut) {
  create(1, "gone");
  remove(2, kA, "gone");
  for (std::uint64_t i = 0; i < 20; ++i) {
    create(10 + 2 * i, "flapping");
    remove(11 + 2 * i, kA, "flapping");
  }
  store.expire(mono);
  EXPECT_EQ(create(1, "gone").outcome, Outcome::stale);
}

}  // namespace
}  // namespace sb::snapshot
