#include "store_fixture.h"

// Field defects that concern the store: each test carries the number of its scenario
// (docs/field-defects.md).

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

TEST_F(StoreTest, S_03_WorkingIsNotLatchedByThePullRequest) {
  create(1);
  say(2, R"({"isWorking":false,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"PENDING"})");
  EXPECT_EQ(shown(Field::isWorking), "false");
  say(3, R"({"prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::isWorking), "false");
  EXPECT_EQ(shown(Field::sidebarStatus), R"({"activityState":"IDLE","ciState":"PASSING"})");
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

constexpr std::string_view kSessionA =
    R"({"sessionId":"a","name":null,"workflow":null,"model":null,"persistedStatus":"IDLE","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";
constexpr std::string_view kSessionB =
    R"({"sessionId":"b","name":null,"workflow":null,"model":null,"persistedStatus":"IDLE","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";

std::string sessions(std::initializer_list<std::string_view> list) {
  std::string text = R"({"sessionSummaries":[)";
  for (const auto& one : list) text.append(text.back() == '[' ? "" : ",").append(one);
  return text + "]}";
}

std::string with(std::string_view session, std::string_view from, std::string_view to) {
  std::string text(session);
  text.replace(text.find(from), from.size(), to);
  return text;
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

TEST_F(StoreTest, S_20_AnAbsentUrlKeepsAndANullUrlClears) {
  create(1);
  say(2, R"({"prUrl":"u","prNumber":1})");
  say(3, R"({"prNumber":1,"prState":"OPEN","prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::prUrl), R"("u")");
  say(4, R"({"prUrl":null})");
  EXPECT_EQ(shown(Field::prUrl), "null");
}

TEST_F(StoreTest, S_21_AnAttachedUrlTouchesNothingElse) {
  create(1);
  say(2, R"({"prState":"OPEN","prCiStatus":"FAILURE"})");
  say(3, R"({"prUrl":"u"})");
  EXPECT_EQ(shown(Field::prUrl), R"("u")");
  EXPECT_EQ(shown(Field::prState), R"("OPEN")");
  EXPECT_EQ(shown(Field::prCiStatus), R"("FAILURE")");
}

TEST_F(StoreTest, S_23_NoFrameMixesAMergedPullRequestWithAnOlderRatchetState) {
  create(1);
  say(2,
      R"({"ratchetEnabled":true,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"FAILURE","ratchetState":"CI_FAILED"})");
  EXPECT_EQ(code(), "FIXING_CI_FAILURES");
  say(3, R"({"prState":"MERGED"})");
  EXPECT_EQ(shown(Field::ratchetState), R"("MERGED")");
  EXPECT_EQ(shown(Field::flowPhase), R"("MERGED")");
  EXPECT_EQ(shown(Field::kanbanColumn), R"("DONE")");
  EXPECT_EQ(code(), "MERGED");
}

TEST_F(StoreTest, S_28_APendingRequestEndsWithItsSession) {
  create(1);
  say(2, sessions({kSessionA}));
  say(3,
      R"({"pendingRequests":[{"sessionId":"a","requestId":"r","type":"plan_approval","at":"2026-11-01T00:00:00.000Z"}]})");
  EXPECT_EQ(code(), "NEEDS_PLAN_APPROVAL");
  say(4, sessions({with(kSessionA, R"("processState":"alive")", R"("processState":"stopped")")}));
  EXPECT_EQ(shown(Field::pendingRequestType), "null");
  EXPECT_EQ(shown(Field::pendingRequests), "[]");
  EXPECT_NE(code(), "NEEDS_PLAN_APPROVAL");
}

TEST_F(StoreTest, S_29_ACrashedSessionShowsItsErrorUntilItStartsAgain) {
  create(1);
  const std::string crashed = with(
      with(
          with(
              kSessionA, R"("lastExit":null)",
              R"("lastExit":{"code":137,"timestamp":"2026-11-01T00:00:00.000Z","unexpected":true})"),
          R"("runtimePhase":"idle")", R"("runtimePhase":"error")"),
      R"("processState":"alive")", R"("processState":"stopped")");
  say(2, sessions({crashed}));
  EXPECT_EQ(code(), "SESSION_ERROR");
  say(3, sessions({with(kSessionA, R"("runtimePhase":"idle")", R"("runtimePhase":"starting")")}));
  EXPECT_EQ(code(), "STARTING_SESSION");
}

TEST_F(StoreTest, S_38_TheRunScriptNeverMovesTheColumn) {
  create(1);
  say(2, R"({"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"SUCCESS"})");
  std::uint64_t at = 3;
  for (const char* state : {"STARTING", "RUNNING", "STOPPING", "IDLE", "COMPLETED", "FAILED"}) {
    say(at++, std::string(R"({"runScriptStatus":")") + state + "\"}");
    EXPECT_EQ(code(), "READY_TO_MERGE") << state;
  }
}

TEST_F(StoreTest, S_42_FactsOfAVanishedPullRequestDoNotSpeak) {
  create(1);
  say(2,
      R"({"prUrl":null,"hasMergeConflict":true,"ratchetDispatchStalled":true,"ratchetEnabled":true})");
  EXPECT_EQ(code(), "NO_SESSION_STARTED");
}

TEST_F(StoreTest, S_43_MergedOutranksRequestsAndFailureArchivingOutranksMerged) {
  create(1);
  say(2,
      R"({"status":"FAILED","prState":"MERGED","prUrl":"u","pendingRequestType":"permission_request"})");
  EXPECT_EQ(code(), "MERGED");
  say(3, R"({"status":"ARCHIVING"})");
  EXPECT_EQ(code(), "ARCHIVING");
  EXPECT_EQ(shown(Field::kanbanColumn), "null");
}

TEST_F(StoreTest, S_61_AWorkspaceCreatedDuringAPassSurvivesIt) {
  create(1, "old", SourceId::own);
  const model::Stamp fence{0, 2, 0};
  create(3, "new", SourceId::own);
  const auto gone = store.apply_absence(SourceId::own, project(), {}, fence, wall, mono);
  EXPECT_EQ(gone, std::vector{workspace("old")});
  EXPECT_TRUE(present("new"));
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

TEST_F(StoreTest, S_72_VersionsNeverGoBackAcrossRemoval) {
  create(1);
  say(2, R"({"name":"a"})");
  const Revision before = version();
  remove(3);
  create(4);
  EXPECT_GT(version(), before);
}

TEST_F(StoreTest, S_73_ARestartIsVisibleInTheFirstMessage) {
  create(1);
  auto session = subscribe();
  const auto batch = session.next(mono);
  ASSERT_TRUE(batch);
  EXPECT_NE(batch->front().find(R"("epoch":"epoch-1")"), std::string::npos);
}

TEST_F(StoreTest, S_80_NoMessageRepeatsWhatTheBaselineHeld) {
  create(1);
  say(2, R"({"name":"b"})");
  auto session = subscribe();
  EXPECT_EQ(messages(session), Messages{"full w"});
  EXPECT_TRUE(messages(session).empty());
}

TEST_F(StoreTest, S_83_WhatNobodyReportedIsNamedUnknown) {
  create(1);
  for (const Field field : {Field::ratchetEnabled, Field::mode, Field::prState,
                            Field::hasHadSessions, Field::sessionSummaries}) {
    EXPECT_TRUE(unknown(field)) << model::field_name(field);
  }
  say(2, R"({"ratchetEnabled":false})");
  EXPECT_FALSE(unknown(Field::ratchetEnabled));
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

TEST_F(StoreTest, S_88_BaselinesAreNewestFirst) {
  say(1, R"({"projectId":"p","status":"READY","createdAt":"2026-01-01T00:00:00.000Z"})", kA, "a");
  say(2, R"({"projectId":"p","status":"READY","createdAt":"2026-03-01T00:00:00.000Z"})", kA, "b");
  say(3, R"({"projectId":"p","status":"READY","createdAt":"2026-03-01T00:00:00.000Z"})", kA, "c");
  auto session = subscribe();
  EXPECT_EQ(messages(session), Messages{"full b c a"});
}

TEST_F(StoreTest, S_94_FactsOfTheOldPullRequestTurnUnknown) {
  create(1);
  say(2,
      R"({"prUrl":"u1","prNumber":1,"prState":"MERGED","prCiStatus":"SUCCESS","hasMergeConflict":true})");
  EXPECT_EQ(code(), "MERGED");
  say(3, R"({"prNumber":2,"prUrl":"u2"})");
  EXPECT_EQ(shown(Field::prState), R"("NONE")");
  EXPECT_EQ(shown(Field::hasMergeConflict), "false");
  EXPECT_TRUE(unknown(Field::prState));
  EXPECT_TRUE(unknown(Field::prCiStatus));
  say(4, R"({"prState":"OPEN"})");
  EXPECT_FALSE(unknown(Field::prState));
  EXPECT_TRUE(unknown(Field::prCiStatus));
}

TEST_F(StoreTest, S_94_TheOldPullRequestStaysForgottenHoweverOftenTheNewOneIsStated) {
  create(1);
  say(2, R"({"prNumber":1,"prUrl":"https://git.example/1","prState":"OPEN"})");
  say(3, R"({"hasMergeConflict":true})");
  for (std::uint64_t i = 4; i < 60; ++i) {
    say(i, R"({"prNumber":2,"prUrl":"https://git.example/2","prState":"OPEN"})");
  }
  EXPECT_EQ(shown(Field::hasMergeConflict), "false");
  EXPECT_NE(shown(Field::unknownFields).find("hasMergeConflict"), std::string::npos);
}

TEST_F(StoreTest, S_95_AnyObservationClearsTheConflict) {
  create(1);
  say(2,
      R"({"ratchetEnabled":false,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"SUCCESS","hasMergeConflict":true})");
  EXPECT_EQ(code(), "MERGE_CONFLICT");
  say(1, R"({"hasMergeConflict":false})", kB);
  EXPECT_EQ(code(), "READY_TO_MERGE");
}

TEST_F(StoreTest, S_96_EnablingOnAGreenPullRequestGoesStraightToItsState) {
  create(1);
  say(2,
      R"({"ratchetEnabled":false,"prUrl":"u","prNumber":1,"prState":"APPROVED","prCiStatus":"SUCCESS","hasMergeConflict":false,"ratchetState":"IDLE"})");
  say(3, R"({"ratchetEnabled":true})");
  EXPECT_EQ(shown(Field::ratchetState), R"("READY")");
  EXPECT_EQ(code(), "READY_TO_MERGE");
}

// --- authority ---

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

TEST_F(StoreTest, AnExplicitRatchetStateCountsUntilAFactItDependsOnIsNewer) {
  create(1);
  say(2,
      R"({"ratchetEnabled":true,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"SUCCESS"})");
  say(3, R"({"ratchetState":"REVIEW_PENDING"})");
  EXPECT_EQ(code(), "FIXING_REVIEW_COMMENTS");
  say(4, R"({"prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::ratchetState), R"("READY")");
}

TEST_F(StoreTest, ExplicitWorkingCountsUntilASessionSpeaks) {
  create(1);
  say(2, R"({"isWorking":true})");
  EXPECT_EQ(code(), "AGENT_WORKING");
  say(3, sessions({kSessionA}));
  EXPECT_EQ(shown(Field::isWorking), "false");
}

TEST_F(StoreTest, ALiveSessionWithoutEvidenceOfWorkIsNotWorking) {
  create(1);
  const std::string vague =
      std::string(kSessionA.substr(0, kSessionA.size() - 1)) + R"(,"activityKnown":false})";
  say(2, sessions({with(vague, R"("activity":"IDLE")", R"("activity":"WORKING")")}));
  EXPECT_EQ(shown(Field::isWorking), "false");
}

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
  EXPECT_EQ(batch->front().find(R"("cursor")"),
            std::string::npos);  // only on the last of a revision
  EXPECT_NE(batch->back().find(R"("cursor")"), std::string::npos);
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
