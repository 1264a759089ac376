#include <algorithm>
#include <string>
#include <vector>

#include "sb/snapshot/derive.h"

#include "session_texts.h"
#include "store_fixture.h"

// Field defects of what a card says of its sessions and its status.

namespace sb::snapshot {
namespace {

TEST_F(StoreTest, S_03_WorkingIsNotLatchedByThePullRequest) {
  create(1);
  say(2, R"({"isWorking":false,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"PENDING"})");
  EXPECT_EQ(shown(Field::isWorking), "false");
  say(3, R"({"prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::isWorking), "false");
  EXPECT_EQ(shown(Field::sidebarStatus), R"({"activityState":"IDLE","ciState":"PASSING"})");
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
  EXPECT_EQ(session_error(*store.session(workspace(), "a")), "Exited unexpectedly (code 137)");
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

TEST_F(StoreTest, S_43_MergedOutranksRequestsAndFailureArchivingOutranksMerged) {
  create(1);
  say(2,
      R"({"status":"FAILED","prState":"MERGED","prUrl":"u","pendingRequestType":"permission_request"})");
  EXPECT_EQ(code(), "MERGED");
  say(3, R"({"status":"ARCHIVING"})");
  EXPECT_EQ(code(), "ARCHIVING");
  EXPECT_EQ(shown(Field::kanbanColumn), "null");
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

TEST_F(StoreTest, S_39_AnAgentThatIsLaunchedIsWorkAndOneThatOnlyLivesIsNot) {
  create(1);
  for (const char* phase : {R"("runtimePhase":"starting")", R"("runtimePhase":"loading")"}) {
    say(store.head() + 10,
        sessions({kSessionB, with(kSessionA, R"("runtimePhase":"idle")", phase)}));
    EXPECT_EQ(code(), "STARTING_SESSION") << phase;
    EXPECT_EQ(shown(Field::kanbanColumn), R"("WORKING")");
  }
  say(store.head() + 10, sessions({kSessionA, kSessionB}));
  EXPECT_EQ(shown(Field::isWorking), "false");
  EXPECT_EQ(code(), "READY_FOR_NEXT_PROMPT");
}

TEST_F(StoreTest, S_41_TheTimeOfEvaluationChangesNothing) {
  const auto evaluate = [](WallTime at_wall, MonoTime at_mono) {
    Store other("other", Limits{});
    model::ProjectInfo info;
    info.id = project();
    EXPECT_TRUE(other.put_project(info));
    Update update;
    update.workspace = workspace();
    update.stamp = {0, 1, 0};
    update.facts = facts(
        R"({"status":"READY","projectId":"p","isWorking":true,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"PENDING","prUpdatedAt":"2020-01-01T00:00:00.000Z"})");
    other.apply(update, at_wall, at_mono);
    return std::string(other.entry(workspace())->text->plain());
  };
  EXPECT_EQ(evaluate(wall, mono), evaluate(wall + 24h * 365, mono + 24h * 365));
}

TEST_F(StoreTest, S_92_ASessionThatWasNeverStartedIsNoSessionInAnyOrder) {
  const std::string listed =
      sessions({with(kSessionA, R"("processState":"alive")", R"("processState":"unknown")")});
  const std::vector<std::string> told{listed, R"({"hasHadSessions":false})",
                                      R"({"isWorking":false})"};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    const std::string id = std::to_string(order[0]) + std::to_string(order[1]);
    create(1, id);
    for (const std::size_t i : order) {
      const auto cause = i == 1 ? Update::Cause::pass : Update::Cause::event;
      say(10 + i, told.at(i), kA, id, cause);
      EXPECT_EQ(code(id), "NO_SESSION_STARTED") << told.at(i);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace sb::snapshot
