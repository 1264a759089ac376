#include <string>
#include <utility>

#include "store_fixture.h"

// Field defects of removal: what is gone stays gone, is told once, and leaves nothing.

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, S_10_APassThatReadBeforeTheRemovalDoesNotResurrect) {
  create(1);
  auto session = subscribe();
  messages(session);
  EXPECT_EQ(remove(5).outcome, Outcome::changed);
  const auto applied =
      say(3, R"({"status":"READY","projectId":"p"})", kA, "w", Update::Cause::pass);
  EXPECT_EQ(applied.outcome, Outcome::stale);
  EXPECT_EQ(messages(session), Messages{"removed w"});
  EXPECT_FALSE(present());
}

TEST_F(StoreTest, S_11_RemovalOfWhatWasNeverHeldIsRemembered) {
  EXPECT_EQ(remove(5).outcome, Outcome::not_found);
  EXPECT_EQ(create(3).outcome, Outcome::stale);
  EXPECT_FALSE(present());
}

TEST_F(StoreTest, S_12_ANewerCreationComesBackAndTheTombstoneIsSpent) {
  create(1);
  remove(5);
  EXPECT_EQ(create(6).outcome, Outcome::changed);
  EXPECT_TRUE(present());
  EXPECT_EQ(say(7, R"({"name":"again"})").outcome, Outcome::changed);
}

TEST_F(StoreTest, S_13_AnInvalidCreationLeavesTheTombstone) {
  create(1);
  remove(5);
  EXPECT_EQ(say(6, R"({"name":"no project"})").outcome, Outcome::not_found);
  EXPECT_EQ(create(4).outcome, Outcome::stale);
}

TEST_F(StoreTest, S_14_LateLifecycleEventsDoNotRevive) {
  create(1);
  auto session = subscribe();
  messages(session);
  say(3, R"({"status":"ARCHIVED","projectId":"p"})");
  EXPECT_EQ(say(2, R"({"status":"ARCHIVING","projectId":"p"})").outcome, Outcome::stale);
  EXPECT_FALSE(present());
  EXPECT_EQ(messages(session), Messages{"removed w"});
}

TEST_F(StoreTest, S_16_ArchivingHidesAndARollbackShowsAgain) {
  create(1);
  auto session = subscribe();
  messages(session);
  say(2, R"({"status":"ARCHIVING"})");
  EXPECT_EQ(messages(session), Messages{"removed w"});
  auto fresh = subscribe();
  EXPECT_EQ(messages(fresh), Messages{"full"});
  say(3, R"({"status":"READY"})");
  EXPECT_EQ(messages(session), Messages{"changed w"});
}

TEST_F(StoreTest, S_61_AWorkspaceCreatedDuringAPassSurvivesIt) {
  create(1, "old", SourceId::own);
  const model::Stamp fence{0, 2, 0};
  create(3, "new", SourceId::own);
  const auto gone = store.apply_absence(SourceId::own, project(), {}, fence, wall, mono);
  EXPECT_EQ(gone, std::vector{workspace("old")});
  EXPECT_TRUE(present("new"));
}

TEST_F(StoreTest, S_72_VersionsNeverGoBackAcrossRemoval) {
  create(1);
  say(2, R"({"name":"a"})");
  const Revision before = version();
  remove(3);
  create(4);
  EXPECT_GT(version(), before);
}

TEST_F(StoreTest, S_84_AMovedWorkspaceLeavesTheOldProject) {
  create(1);
  auto old_watcher = subscribe("p");
  auto new_watcher = subscribe("q");
  messages(old_watcher);
  messages(new_watcher);
  say(2, R"({"projectId":"q","status":"READY"})");
  EXPECT_EQ(messages(old_watcher), Messages{"removed w"});
  EXPECT_EQ(messages(new_watcher), Messages{"changed w"});
  say(3, R"({"name":"x"})");
  EXPECT_TRUE(messages(old_watcher).empty());
}

TEST_F(StoreTest, S_85_OneRemovalPerChangeOfVisibility) {
  create(1);
  auto session = subscribe();
  messages(session);
  say(2, R"({"status":"ARCHIVING"})");
  EXPECT_EQ(messages(session), Messages{"removed w"});
  say(3, R"({"name":"a"})");
  say(4, R"({"name":"b"})");
  EXPECT_TRUE(messages(session).empty());
  remove(5);
  EXPECT_TRUE(messages(session).empty());
}

TEST_F(StoreTest, S_18_S_107_TenThousandRemovedWorkspacesLeaveNothingBehind) {
  create(1, "stays");
  const auto held = [&] {
    std::size_t nodes = 0;
    store.walk(nullptr, 0, [&](const IndexNode&) { ++nodes; });
    return std::pair(nodes, store.counts().entries);
  };
  const auto baseline = held();
  std::uint64_t at = 1;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = "w" + std::to_string(i);
    create(++at, id);
    say(++at, R"({"status":"ARCHIVING"})", kA, id);
    i % 2 == 0 ? remove(++at, kA, id) : say(++at, R"({"status":"ARCHIVED"})", kA, id);
  }
  mono += Limits{}.tombstone_age_min;
  EXPECT_EQ(store.expire(mono).size(), 10'000U);
  EXPECT_EQ(held(), baseline);
  EXPECT_EQ(store.counts().tombstones, 0U);
  EXPECT_EQ(store.counts().evicted, 0U);
  EXPECT_TRUE(store.expire(mono).empty());
}

}  // namespace
}  // namespace sb::snapshot
