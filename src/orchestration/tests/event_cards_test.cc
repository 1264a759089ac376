#include <string>

#include <gtest/gtest.h>

#include "sb/snapshot/dialect1_session.h"

#include "idle_watch.h"
#include "ingest_fixture.h"

// One event, and the card that everybody shows of it at once: no pass is involved.

namespace sb::orchestration {
namespace {

using namespace std::chrono_literals;

class EventCardsTest : public IngestTest {
 protected:
  EventCardsTest() {
    create();
    session_.emplace(store, encoder_,
                     snapshot::Dialect1Session::Options{model::ProjectId("p"), "", 100ms});
    EXPECT_TRUE(session_->next(now_));
  }
  /// The one message that is on its way at this moment; "" when there is none.
  std::string at_once() {
    const auto batch = session_->next(now_);
    if (!batch) return "";
    EXPECT_EQ(batch->size(), 1U);
    return batch->front().text();
  }
  static bool says(const std::string& message, std::string_view member) {
    return message.find(member) != std::string::npos;
  }

 private:
  snapshot::Dialect1Encoder encoder_{store};
  std::optional<snapshot::Dialect1Session> session_;
  MonoTime now_{1h};
};

TEST_F(EventCardsTest, S_22_WhatTheRatchetSawOfCiIsOnTheCardAtOnce) {
  send("github.pr_snapshot_updated",
       R"({"prNumber":1,"prUrl":"u","prState":"OPEN","prCiStatus":"PENDING"})");
  EXPECT_TRUE(says(at_once(), R"("ciState":"RUNNING")"));
  send("ratchet.state_changed", R"({"ratchetState":"READY","prCiStatus":"SUCCESS"})");
  EXPECT_TRUE(says(at_once(), R"("ciState":"PASSING")"));
}

TEST_F(EventCardsTest, S_24_OfTwoTogglesTheLastOneStaysWhicheverArrivesLast) {
  EXPECT_EQ(send("ratchet.toggled", R"({"enabled":true})", sequence(10)).kind, Kind::accepted);
  EXPECT_EQ(send("ratchet.toggled", R"({"enabled":false})", sequence(12)).kind, Kind::accepted);
  EXPECT_EQ(send("ratchet.toggled", R"({"enabled":true})", sequence(11)).kind, Kind::stale);
  EXPECT_EQ(shown(Field::ratchetEnabled), "false");
  EXPECT_EQ(
      send("snapshot.facts", R"({"ratchetEnabled":true,"name":"computed before"})", sequence(9))
          .kind,
      Kind::accepted);
  EXPECT_EQ(shown(Field::ratchetEnabled), "false");
  EXPECT_EQ(shown(Field::name), R"("computed before")");
}

TEST_F(EventCardsTest, S_26_AnAutoIterationIsKnownByModeAndStatusOfOneEvent) {
  send("auto_iteration.status_changed", R"({"mode":"AUTO_ITERATION","status":"RUNNING"})");
  const std::string message = at_once();
  EXPECT_TRUE(says(message, R"("code":"AUTO_ITERATING")"));
  EXPECT_TRUE(says(message, R"("kanbanColumn":"WORKING")"));
}

TEST_F(EventCardsTest, S_63_ARenameLeavesAtOnceAndStays) {
  send("workspace.updated", R"({"name":"new"})", sequence(5));
  send("workspace.state_changed", R"({"projectId":"p","status":"READY","name":"old"})",
       sequence(4));
  EXPECT_EQ(shown(Field::name), R"("new")");
}

TEST_F(EventCardsTest, S_98_WorkEndsOnceWhenTheLastThatWorkedStops) {
  IdleWatch idle(store);
  const auto state = [&](std::string_view id, std::string_view activity) {
    send(
        "session.changed",
        R"({"sessionId":")" + std::string(id) +
            R"(","name":null,"workflow":null,"model":null,"persistedStatus":"RUNNING","runtimePhase":"idle","processState":"alive","activity":")" +
            std::string(activity) + R"(","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})");
    return idle.look(model::WorkspaceId("w"));
  };
  EXPECT_FALSE(state("prompt", "WORKING"));
  EXPECT_FALSE(state("task", "WORKING"));
  EXPECT_FALSE(state("prompt", "IDLE"));
  EXPECT_EQ(shown(Field::isWorking), "true");
  EXPECT_TRUE(state("task", "IDLE"));
  EXPECT_EQ(shown(Field::isWorking), "false");
  EXPECT_FALSE(state("prompt", "IDLE"));
}

TEST_F(EventCardsTest, S_117_ARequestIsOnTheCardAtOnce) {
  send("workspace.updated", R"({"name":"held back by nothing"})");
  (void)at_once();
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r","pending":true})");
  const std::string message = at_once();
  EXPECT_TRUE(says(message, R"("pendingRequestType":"permission_request")"));
  EXPECT_TRUE(says(message, R"("code":"NEEDS_PERMISSION")"));
  EXPECT_TRUE(says(message, R"("kanbanColumn":"WAITING")"));
}

// --- the end of the numbers of a producer ---

constexpr std::string_view kLast = R"(,"sourceepoch":"one","sequence":"18446744073709551615")";

TEST_F(IngestTest, AfterItsLastSequenceAProducerIsStaleUntilItBeginsANewLife) {
  create(R"(,"sourceepoch":"one","sequence":"1")");
  EXPECT_EQ(send("workspace.updated", R"({"name":"last"})", kLast).kind, Kind::accepted);
  EXPECT_EQ(send("workspace.updated", R"({"name":"again"})", kLast).kind, Kind::stale);
  EXPECT_EQ(
      send("workspace.updated", R"({"name":"wrapped"})", R"(,"sourceepoch":"one","sequence":"0")")
          .kind,
      Kind::stale);
  EXPECT_EQ(shown(Field::name), R"("last")");
  EXPECT_EQ(
      send("workspace.updated", R"({"name":"reborn"})", R"(,"sourceepoch":"two","sequence":"0")")
          .kind,
      Kind::accepted);
  EXPECT_EQ(shown(Field::name), R"("reborn")");
  EXPECT_EQ(send("workspace.updated", R"({"name":"late"})", kLast).kind, Kind::stale);
}

TEST_F(IngestTest, ARemovalAtTheLastSequenceStandsUntilANewLifeCreates) {
  create(R"(,"sourceepoch":"one","sequence":"1")");
  EXPECT_EQ(send("workspace.removed", "{}", kLast).kind, Kind::accepted);
  EXPECT_EQ(create(R"(,"sourceepoch":"one","sequence":"18446744073709551614")"), Kind::stale);
  EXPECT_EQ(create(kLast), Kind::stale);
  EXPECT_EQ(create(R"(,"sourceepoch":"two","sequence":"0")"), Kind::accepted);
}

}  // namespace
}  // namespace sb::orchestration
