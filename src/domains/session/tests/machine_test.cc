#include "sb/session/machine.h"

#include <gtest/gtest.h>

#include "machine_kit.h"

namespace sb::session {
namespace {

using namespace std::chrono_literals;

TEST(Machine, S_115_AStartIsStartingUntilTheFirstWordOrTheBound) {
  Session session;
  session.take(EdgeKind::started);
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::starting);
  EXPECT_EQ(session.state.process_state, SessionRuntimeProcessState::alive);
  Session prompted = session;
  prompted.take(EdgeKind::working);
  EXPECT_TRUE(prompted.working());
  session.pass(kStartingMax);
  EXPECT_TRUE(session.idle());
}

TEST(Machine, ALevelReadBeforeTheLastEdgeStoodChangesNothing) {
  Session session;
  session.take(EdgeKind::working);
  EXPECT_FALSE(session.take(Session::level(LevelStatus::idle, session.now.mono - 1ms)));
  EXPECT_FALSE(session.take(Session::level(LevelStatus::idle, session.now.mono)));
  EXPECT_FALSE(
      session.take(Session::level(LevelStatus::idle, session.now.mono + kEdgeStands - 1ms)));
  EXPECT_TRUE(session.working());
  EXPECT_TRUE(session.take(Session::level(LevelStatus::idle, session.now.mono + kEdgeStands)));
  EXPECT_TRUE(session.idle());
}

TEST(Machine, AnInterruptIsSeenByTheLevel) {
  Session session;
  session.take(EdgeKind::working);
  session.read(LevelStatus::idle);
  EXPECT_TRUE(session.idle());
}

TEST(Machine, AnApprovalIsSeenByTheLevelAndSettlesTheRequest) {
  Session session;
  session.take(session.ask(PendingRequestType::permission_request));
  ASSERT_EQ(session.state.requests.size(), 1U);
  EXPECT_EQ(session.state.requests[0].id, "toolu_1");
  session.read(LevelStatus::waiting);
  ASSERT_EQ(session.state.requests.size(), 1U) << "the level confirms, it asks nothing new";
  EXPECT_EQ(session.state.requests[0].id, "toolu_1");
  session.read(LevelStatus::busy);
  EXPECT_TRUE(session.state.requests.empty());
  EXPECT_TRUE(session.working());
}

TEST(Machine, ALaterEdgeBeatsTheLevel) {
  Session session;
  session.take(EdgeKind::working);
  session.read(LevelStatus::idle);
  session.take(EdgeKind::working);
  EXPECT_TRUE(session.working());
}

TEST(Machine, AWorseSourceIsNotHeardWhileABetterOneSpeaks) {
  Session session;
  session.take(EdgeKind::working);
  session.read(LevelStatus::busy);
  Level worse = Session::level(LevelStatus::idle, session.now.mono + 5s);
  worse.rank = 1;
  EXPECT_FALSE(session.take(worse));
  EXPECT_TRUE(session.working());
  session.read(LevelStatus::gone);
  EXPECT_TRUE(session.take(worse));
  EXPECT_TRUE(session.idle());
}

TEST(Machine, S_28_ARequestEndsWithItsSession) {
  for (const bool by_exit : {true, false}) {
    Session session;
    session.take(session.ask(PendingRequestType::plan_approval));
    by_exit ? session.take(Exit{Session::process(42), 137}) : session.take(EdgeKind::ended);
    EXPECT_TRUE(session.state.requests.empty());
    EXPECT_EQ(session.state.activity, SessionRuntimeActivity::IDLE);
  }
}

TEST(Machine, S_29_ACrashIsAnErrorUntilTheNextStart) {
  Session session;
  session.take(EdgeKind::working);
  session.take(Exit{Session::process(42), 137});
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::error);
  EXPECT_EQ(session.state.process_state, SessionRuntimeProcessState::stopped);
  ASSERT_TRUE(session.state.last_exit);
  EXPECT_EQ(session.state.last_exit->code, 137);
  EXPECT_TRUE(session.state.last_exit->unexpected);
  Edge again = session.edge(EdgeKind::started);
  again.process = Session::process(43);
  EXPECT_TRUE(session.take(again));
  EXPECT_FALSE(session.state.last_exit);
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::starting);
}

TEST(Machine, AGoodbyeMakesTheExitExpectedBeforeAndAfterIt) {
  Session polite;
  polite.take(EdgeKind::ended);
  EXPECT_EQ(polite.state.phase, SessionRuntimePhase::stopping);
  polite.take(Exit{Session::process(42), 143});
  EXPECT_FALSE(polite.state.last_exit->unexpected);
  EXPECT_EQ(polite.state.phase, SessionRuntimePhase::idle);

  Session late;
  late.take(EdgeKind::working);
  late.take(Exit{Session::process(42), 143});
  EXPECT_TRUE(late.state.last_exit->unexpected);
  late.take(EdgeKind::ended);
  EXPECT_FALSE(late.state.last_exit->unexpected);
  EXPECT_EQ(late.state.phase, SessionRuntimePhase::idle);
  EXPECT_EQ(late.state.process_state, SessionRuntimeProcessState::stopped);
}

TEST(Machine, AnExitWithoutAGoodbyeIsExpectedOnlyWithCodeZero) {
  for (const auto code : {std::optional<std::int64_t>(0), std::optional<std::int64_t>()}) {
    Session session;
    session.take(EdgeKind::working);
    session.take(Exit{Session::process(42), code});
    EXPECT_EQ(session.state.last_exit->unexpected, code != 0);
  }
}

TEST(Machine, ALateEventNeverRevivesAnEndedSession) {
  Session session;
  session.take(EdgeKind::working);
  session.take(Exit{Session::process(42), 137});
  for (const auto kind : {EdgeKind::working, EdgeKind::asks, EdgeKind::tool_begun,
                          EdgeKind::turn_ended, EdgeKind::started, EdgeKind::sign_of_life}) {
    EXPECT_FALSE(session.take(kind));
  }
  EXPECT_FALSE(session.read(LevelStatus::busy)) << "a file left behind says busy for ever";
  EXPECT_EQ(session.state.process_state, SessionRuntimeProcessState::stopped);
  EXPECT_TRUE(session.state.requests.empty());
}

TEST(Machine, S_59_AnotherProcessOfTheSameSessionIsItsNextLifeEvenWhenTheStartWasLost) {
  Session session;
  session.take(Exit{ProcessIdentity(), 1});
  session.take(EdgeKind::working);
  session.take(Exit{Session::process(42), 137});
  Edge edge = session.edge(EdgeKind::tool_begun);
  edge.process = Session::process(43);
  EXPECT_TRUE(session.take(edge));
  EXPECT_TRUE(session.working());
  EXPECT_FALSE(session.take(Exit{Session::process(42), 137})) << "the exit of the life before";
  EXPECT_TRUE(session.working());
}

TEST(Machine, AnEdgeThatArrivesLateChangesNothing) {
  Session session;
  const Edge begun = session.edge(EdgeKind::tool_begun);
  session.take(session.ask(PendingRequestType::permission_request));
  EXPECT_FALSE(session.take(begun));
  EXPECT_EQ(session.state.requests.size(), 1U);
}

TEST(Machine, ASubAgentDoesNotFlipItsParent) {
  Session session;
  session.take(EdgeKind::turn_ended);
  for (const auto kind : {EdgeKind::working, EdgeKind::tool_begun, EdgeKind::tool_ended,
                          EdgeKind::turn_ended, EdgeKind::turn_failed, EdgeKind::ended}) {
    Edge edge = session.edge(kind);
    edge.actor = "helper";
    session.take(edge);
    EXPECT_TRUE(session.idle());
    EXPECT_FALSE(session.state.ended);
  }
}

TEST(Machine, WhatASubAgentAsksIsPendingUntilItsToolIsThrough) {
  Session session;
  session.take(EdgeKind::working);
  Edge ask = session.ask(PendingRequestType::permission_request);
  ask.actor = "helper";
  session.take(ask);
  EXPECT_TRUE(session.working());
  ASSERT_EQ(session.state.requests.size(), 1U);
  session.take(EdgeKind::tool_begun);
  EXPECT_EQ(session.state.requests.size(), 1U) << "the main thread answers for itself only";
  Edge done = session.edge(EdgeKind::tool_ended);
  done.actor = "helper";
  done.tool_use = "toolu_1";
  session.take(done);
  EXPECT_TRUE(session.state.requests.empty());
}

TEST(Machine, ARequestIsNamedByTheToolItIsAbout) {
  Session session;
  Edge begun = session.edge(EdgeKind::tool_begun);
  begun.tool_use = "toolu_77";
  begun.tool_key = 9;
  session.take(begun);
  session.take(session.ask(PendingRequestType::permission_request, ""));
  EXPECT_EQ(session.state.requests.at(0).id, "toolu_77");
}

TEST(Machine, S_99_TheSameQuestionHeardTwiceKeepsItsIdentity) {
  Session session;
  session.take(EdgeKind::working);
  session.read(LevelStatus::waiting, "1795422811927");
  const std::string id = session.state.requests.at(0).id;
  EXPECT_EQ(id, "waiting-1795422811927");
  session.take(session.ask(PendingRequestType::user_question));
  ASSERT_EQ(session.state.requests.size(), 1U);
  EXPECT_EQ(session.state.requests[0].id, id);
  EXPECT_EQ(session.state.requests[0].type, PendingRequestType::user_question);
  session.take(session.ask(PendingRequestType::user_question));
  EXPECT_EQ(session.state.requests[0].id, id);
  session.take(session.ask(PendingRequestType::user_question, "toolu_2"));
  EXPECT_EQ(session.state.requests[0].id, "toolu_2") << "another question is another identity";
}

TEST(Machine, AQuestionThatWasTakenForSettledComesBackAsItself) {
  Session session;
  session.take(session.ask(PendingRequestType::permission_request));
  session.take(EdgeKind::tool_begun);
  EXPECT_TRUE(session.state.requests.empty());
  session.read(LevelStatus::waiting);
  EXPECT_EQ(session.state.requests.at(0).id, "toolu_1");
}

TEST(Machine, AnotherToolThatEndsSettlesNothing) {
  Session session;
  session.take(session.ask(PendingRequestType::permission_request));
  Edge other = session.edge(EdgeKind::tool_ended);
  other.tool_use = "toolu_8";
  other.tool_key = 8;
  session.take(other);
  EXPECT_EQ(session.state.requests.size(), 1U);
  EXPECT_FALSE(session.working());
}

TEST(Machine, WorkWithoutAWordBecomesUnknownWithinTheBound) {
  Session session;
  session.take(EdgeKind::working);
  session.pass(kUnconfirmedMax - 1s);
  EXPECT_TRUE(session.working());
  EXPECT_TRUE(next_deadline(session.state));
  session.pass(1s);
  EXPECT_FALSE(session.state.activity_known);
  EXPECT_NE(session.state.activity, SessionRuntimeActivity::WORKING);
  EXPECT_FALSE(next_deadline(session.state)) << "idle time costs nothing";
  session.take(EdgeKind::sign_of_life);
  EXPECT_FALSE(session.state.activity_known);
  session.take(EdgeKind::tool_begun);
  EXPECT_TRUE(session.working());
}

TEST(Machine, ALevelThatConfirmsKeepsWorkKnown) {
  Session session;
  session.take(EdgeKind::working);
  for (int i = 0; i < 10; ++i) {
    session.now.mono += 20s;
    session.take(Session::level(LevelStatus::busy, session.now.mono));
    session.take(Tick{});
    EXPECT_TRUE(session.working());
  }
}

TEST(Machine, AQuestionWithoutAWordStaysWhileItsSessionTurnsUnknown) {
  Session session;
  session.take(session.ask(PendingRequestType::user_question));
  session.pass(kUnconfirmedMax);
  EXPECT_FALSE(session.state.activity_known);
  EXPECT_EQ(session.state.requests.size(), 1U);
}

TEST(Machine, S_116_AFailedTurnIsAnErrorAndAnIdleLevelDoesNotHideIt) {
  Session session;
  session.take(EdgeKind::working);
  Edge failed = session.edge(EdgeKind::turn_failed);
  failed.error = "rate_limit";
  session.take(failed);
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::error);
  EXPECT_EQ(session.state.error, "rate_limit");
  session.read(LevelStatus::idle);
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::error);
  session.take(EdgeKind::working);
  EXPECT_TRUE(session.working());
  EXPECT_FALSE(session.state.error);
}

TEST(Machine, AFailedCallFailsTheTurnOnlyWhenNothingFollows) {
  Session session;
  session.take(EdgeKind::working);
  Edge failed = session.edge(EdgeKind::call_failed);
  failed.error = "high demand";
  session.take(failed);
  EXPECT_TRUE(session.working());
  Session again = session;
  again.take(EdgeKind::tool_begun);
  again.pass(kFailureStands);
  EXPECT_TRUE(again.working());
  session.pass(kFailureStands);
  EXPECT_EQ(session.state.phase, SessionRuntimePhase::error);
  EXPECT_EQ(session.state.error, "high demand");
}

TEST(Machine, ALateWordThatTheUserIsWaitedForCountsOnlyWhenNothingIsKnown) {
  Session session;
  session.take(session.ask(PendingRequestType::plan_approval));
  session.take(EdgeKind::may_ask);
  ASSERT_EQ(session.state.requests.size(), 1U);
  EXPECT_EQ(session.state.requests[0].type, PendingRequestType::plan_approval);
  Session quiet;
  quiet.take(EdgeKind::working);
  quiet.take(EdgeKind::may_ask);
  EXPECT_EQ(quiet.state.requests.size(), 1U);
}

TEST(Machine, ASessionFirstHeardOfByASignOfLifeIsUnknown) {
  Session session;
  session.take(EdgeKind::sign_of_life);
  EXPECT_EQ(session.state.process_state, SessionRuntimeProcessState::alive);
  EXPECT_FALSE(session.state.activity_known);
}

}  // namespace
}  // namespace sb::session
