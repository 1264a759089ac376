#include <string>
#include <vector>

#include "session_texts.h"
#include "store_fixture.h"

// Field defects of acceptance: which of two statements holds.

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, S_01_StaleUpdateMovesNothing) {
  create(200);
  say(201, R"({"name":"new"})");
  const Revision before = store.head();
  EXPECT_EQ(say(100, R"({"projectId":"q","status":"READY","name":"x"})").outcome, Outcome::stale);
  EXPECT_EQ(shown(Field::name), R"("new")");
  EXPECT_EQ(store.head(), before);
  EXPECT_TRUE(store.entries(project("q")).empty());
}

TEST_F(StoreTest, S_02_FullyStaleUpdateIsNotAcceptedAndSilent) {
  create(5);
  const auto text = store.entry(workspace())->text;
  const auto applied = say(4, R"({"status":"FAILED"})");
  EXPECT_EQ(applied.outcome, Outcome::stale);
  EXPECT_TRUE(applied.accepted.empty());
  EXPECT_EQ(store.entry(workspace())->text, text);
}

TEST_F(StoreTest, S_04_RepeatedIdenticalPassesAreSilent) {
  for (int i = 0; i < 50; ++i) create(1, "w" + std::to_string(i));
  auto session = subscribe();
  EXPECT_EQ(messages(session).size(), 1U);
  const Revision head = store.head();
  for (std::uint64_t pass = 2; pass < 12; ++pass) {
    for (int i = 0; i < 50; ++i) {
      const auto applied = say(pass, R"({"status":"READY","projectId":"p"})", kA,
                               "w" + std::to_string(i), Update::Cause::pass);
      EXPECT_EQ(applied.outcome, Outcome::unchanged);
    }
  }
  EXPECT_EQ(store.head(), head);
  EXPECT_TRUE(messages(session).empty());
}

TEST_F(StoreTest, S_05_ReorderedSessionsAreTheSame) {
  create(1);
  say(2, sessions({kSessionA, kSessionB}));
  const Revision head = store.head();
  EXPECT_EQ(say(3, sessions({kSessionB, kSessionA})).outcome, Outcome::unchanged);
  EXPECT_EQ(store.head(), head);
  const std::string changed = with(kSessionB, R"("activity":"IDLE")", R"("activity":"WORKING")");
  EXPECT_EQ(say(4, sessions({changed, kSessionA})).outcome, Outcome::changed);
  EXPECT_EQ(store.head(), head + 1);
}

TEST_F(StoreTest, S_07_OrderOnlyDifferencesAreNoDrift) {
  create(1);
  say(2, sessions({kSessionA, kSessionB}));
  const auto applied = say(3, sessions({kSessionB, kSessionA}), kA, "w", Update::Cause::pass);
  EXPECT_TRUE(applied.changes.empty());
}

TEST_F(StoreTest, S_08_ManyEventsInOneMillisecondAllCount) {
  create(1);
  for (std::uint64_t i = 2; i <= 1'001; ++i) {
    EXPECT_EQ(say(i, R"({"prNumber":)" + std::to_string(i) + "}").outcome, Outcome::changed);
  }
  EXPECT_EQ(shown(Field::prNumber), "1001");
}

TEST_F(StoreTest, S_09_WhatWasReadBeforeAnEventDoesNotChangeUnderTheReader) {
  create(1);
  say(2, R"({"prNumber":1})");
  const auto before = store.entry(workspace());
  say(3, R"({"prNumber":2})");
  EXPECT_EQ(before->text->member(Field::prNumber), R"("prNumber":1)");
  EXPECT_EQ(shown(Field::prNumber), "2");
}

TEST_F(StoreTest, S_62_ActivityDoesNotKeepARenameOut) {
  create(1);
  say(1'000, R"({"hasHadSessions":true})");
  const auto applied =
      say(500, R"({"name":"new","hasHadSessions":false})", kA, "w", Update::Cause::pass);
  EXPECT_EQ(shown(Field::name), R"("new")");
  EXPECT_EQ(shown(Field::hasHadSessions), "true");
  EXPECT_TRUE(applied.rejected.contains(Field::hasHadSessions));
}

TEST_F(StoreTest, S_64_AnEventAboutCiLeavesTheRestOfThePullRequestToThePass) {
  create(1);
  say(50, R"({"prCiStatus":"SUCCESS"})");
  say(40, R"({"prUrl":"u2","hasMergeConflict":true,"prCiStatus":"PENDING"})", kA, "w",
      Update::Cause::pass);
  EXPECT_EQ(shown(Field::prCiStatus), R"("SUCCESS")");
  EXPECT_EQ(shown(Field::prUrl), R"("u2")");
  EXPECT_EQ(shown(Field::hasMergeConflict), "true");
}

TEST_F(StoreTest, S_06_WhatWasOnlyConfirmedIsStillNewerThanALateValue) {
  create(1);
  say(200, R"({"name":"x"})");
  EXPECT_EQ(say(300, R"({"name":"x"})").outcome, Outcome::unchanged);
  EXPECT_EQ(say(250, R"({"name":"y"})").outcome, Outcome::stale);
  EXPECT_EQ(shown(Field::name), R"("x")");
}

TEST_F(StoreTest, S_67_OfTwoReadsTheOneThatBeganLaterWinsWhicheverEndsLast) {
  create(1, "w", SourceId::own);
  const std::uint64_t earlier = 10;  // the counter before each read began
  const std::uint64_t later = 20;
  say(later, R"({"branchName":"now"})", SourceId::own);
  EXPECT_EQ(say(earlier, R"({"branchName":"then"})", SourceId::own).outcome, Outcome::stale);
  EXPECT_EQ(shown(Field::branchName), R"("now")");
}

TEST_F(StoreTest, S_68_WhatIsAppliedLateIsAsOldAsItsObservation) {
  create(1, "w", SourceId::own);
  const std::uint64_t observed = 5;
  say(100, R"({"runScriptStatus":"COMPLETED"})", SourceId::own, "w", Update::Cause::pass);
  say(observed, R"({"runScriptStatus":"RUNNING"})", SourceId::own);
  EXPECT_EQ(shown(Field::runScriptStatus), R"("COMPLETED")");
}

TEST_F(StoreTest, S_69_ABurstOfEventsLeavesThePassThatFollowsItsSay) {
  create(1, "busy", SourceId::own);
  create(2, "quiet", SourceId::own);
  std::uint64_t stamp = 2;
  for (int i = 0; i < 20'000; ++i) {
    say(++stamp, R"({"prNumber":)" + std::to_string(i) + "}", SourceId::own, "busy");
  }
  const std::uint64_t fence = ++stamp;
  for (const char* id : {"busy", "quiet"}) {
    say(fence, R"({"name":"as read"})", SourceId::own, id, Update::Cause::pass);
    EXPECT_EQ(shown(Field::name, id), R"("as read")");
  }
}

TEST_F(StoreTest, S_70_AWallClockThatGoesBackDecidesNothing) {
  create(1);
  create(2, "other");
  say(3, R"({"name":"before"})");
  wall -= 1h;
  EXPECT_EQ(say(4, R"({"name":"after"})").outcome, Outcome::changed);
  EXPECT_EQ(say(5, R"({"branchName":"b"})", kA, "w", Update::Cause::pass).outcome,
            Outcome::changed);
  EXPECT_EQ(remove(6).outcome, Outcome::changed);
  EXPECT_EQ(create(5).outcome, Outcome::stale);
  EXPECT_EQ(create(7).outcome, Outcome::changed);
  remove(8);
  mono += Limits{}.tombstone_age_min;
  store.expire(mono);
  EXPECT_EQ(store.counts().tombstones, 0U);
}

// A field, and two texts it may have.
struct Correction {
  Field field;
  const char* held;
  const char* read;
};

TEST_F(StoreTest, S_105_DriftIsWhatAPassCorrectedOfAnyFieldAndNothingElse) {
  const std::vector<Correction> corrections{
      {Field::name, R"("a")", R"("b")"},
      {Field::status, R"("READY")", R"("FAILED")"},
      {Field::createdAt, R"("2026-01-01T00:00:00.000Z")", R"("2026-01-02T00:00:00.000Z")"},
      {Field::branchName, R"("a")", "null"},
      {Field::hasHadSessions, "false", "true"},
      {Field::mode, R"("STANDARD")", R"("AUTO_ITERATION")"},
      {Field::autoIterationStatus, R"("RUNNING")", R"("PAUSED")"},
      {Field::isMain, "false", "true"},
      {Field::worktreePath, R"("/a")", R"("/b")"},
      {Field::prUrl, R"("a")", R"("b")"},
      {Field::prNumber, "1", "2"},
      {Field::prState, R"("OPEN")", R"("MERGED")"},
      {Field::prCiStatus, R"("PENDING")", R"("SUCCESS")"},
      {Field::hasMergeConflict, "false", "true"},
      {Field::prReviewState, R"("APPROVED")", "null"},
      {Field::prHeadBranch, R"("a")", R"("b")"},
      {Field::isWorking, "false", "true"},
      {Field::pendingRequestType, "null", R"("plan_approval")"},
      {Field::ratchetEnabled, "false", "true"},
      {Field::ratchetState, R"("IDLE")", R"("READY")"},
      {Field::ratchetDispatchOutcome, "null", R"("DIED")"},
      {Field::ratchetDispatchRetryCount, "0", "1"},
      {Field::ratchetDispatchStalled, "false", "true"},
      {Field::runScriptStatus, R"("IDLE")", R"("RUNNING")"},
      {Field::runScriptPort, "null", "3000"},
      {Field::lastActivityAt, "null", R"("2026-01-02T00:00:00.000Z")"},
      {Field::ahead, "0", "1"},
      {Field::behind, "0", "1"},
      {Field::operation, "null", R"("rebase")"},
  };
  for (const auto& [field, held, read] : corrections) {
    const std::string id(model::field_name(field));
    const auto state = [&, name = id](std::uint64_t at, const char* value, Update::Cause cause) {
      return say(at, "{\"" + name + "\":" + value + "}", kA, name, cause);
    };
    create(1, id);
    state(5, held, Update::Cause::event);
    EXPECT_TRUE(state(4, read, Update::Cause::pass).changes.empty()) << id << ": a late read";
    EXPECT_TRUE(state(6, held, Update::Cause::pass).changes.empty()) << id << ": the same";
    const auto corrected = state(7, read, Update::Cause::pass);
    ASSERT_EQ(corrected.changes.size(), 1U) << id;
    EXPECT_EQ(corrected.changes.front().field, field);
    EXPECT_EQ(corrected.changes.front().before, held);
    EXPECT_EQ(corrected.changes.front().after, read);
  }
}

}  // namespace
}  // namespace sb::snapshot
