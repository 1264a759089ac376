#include <string>

#include "store_fixture.h"

// Field defects of pull requests: whose facts count, and until when.

namespace sb::snapshot {
namespace {

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

TEST_F(StoreTest, S_42_FactsOfAVanishedPullRequestDoNotSpeak) {
  create(1);
  say(2,
      R"({"prUrl":null,"hasMergeConflict":true,"ratchetDispatchStalled":true,"ratchetEnabled":true})");
  EXPECT_EQ(code(), "NO_SESSION_STARTED");
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

TEST_F(StoreTest, S_27_AnotherOrReopenedPullRequestLeavesTheDoneColumn) {
  create(1);
  say(2, R"({"prUrl":"u1","prNumber":1,"prState":"MERGED","prCiStatus":"SUCCESS"})");
  EXPECT_EQ(shown(Field::kanbanColumn), R"("DONE")");
  say(3, R"({"prNumber":2,"prState":"OPEN"})");
  EXPECT_EQ(shown(Field::kanbanColumn), R"("WORKING")");
  EXPECT_EQ(code(), "WAITING_FOR_CI") << "the checks of the old one do not speak for the new one";

  say(4, R"({"prState":"CLOSED"})");
  EXPECT_EQ(shown(Field::kanbanColumn), R"("DONE")");
  say(5, R"({"prState":"OPEN"})");
  EXPECT_NE(shown(Field::kanbanColumn), R"("DONE")");
}

TEST_F(StoreTest, S_118_AResolvedConflictOrStallIsGoneWithTheNextMessage) {
  create(1);
  say(2,
      R"({"ratchetEnabled":true,"prUrl":"u","prNumber":1,"prState":"OPEN","prCiStatus":"SUCCESS","hasMergeConflict":true})");
  EXPECT_EQ(code(), "FIXING_MERGE_CONFLICT");
  say(3, R"({"hasMergeConflict":false,"ratchetState":"READY"})");
  EXPECT_EQ(shown(Field::hasMergeConflict), "false");
  EXPECT_EQ(code(), "READY_TO_MERGE");
  for (const char* stalled : {"true", "false", "true"}) {
    say(store.head() + 10, std::string(R"({"ratchetDispatchStalled":)") + stalled + "}");
    EXPECT_EQ(shown(Field::ratchetDispatchStalled), stalled);
    EXPECT_EQ(code() == "RATCHET_STALLED", std::string_view(stalled) == "true");
  }
}

}  // namespace
}  // namespace sb::snapshot
