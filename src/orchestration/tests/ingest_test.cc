#include "sb/orchestration/ingest.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest_fixture.h"

namespace sb::orchestration {
namespace {

constexpr std::string_view kSession =
    R"({"sessionId":"s","name":null,"workflow":null,"model":null,"persistedStatus":"RUNNING","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";

TEST_F(IngestTest, NoProjectHasTheIdThatStandsForAll) {
  for (const auto& [type, data] :
       {std::pair{"workspace.state_changed", R"({"projectId":"*","status":"READY"})"},
        std::pair{"snapshot.facts", R"({"projectId":"*","status":"READY"})"},
        std::pair{"source.synced", R"({"projectId":"*"})"}}) {
    const auto verdict = send(type, data);
    EXPECT_EQ(verdict.kind, Kind::rejected) << type;
    EXPECT_EQ(verdict.error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(verdict.error.path, "$.data.projectId");
    EXPECT_NE(verdict.error.message.find("all projects"), std::string::npos)
        << verdict.error.message;
  }
  EXPECT_EQ(store.counts().entries, 0U);
  EXPECT_EQ(create(), Kind::accepted);
  EXPECT_EQ(send("snapshot.facts", R"({"projectId":"*"})").kind, Kind::rejected);
  EXPECT_EQ(shown(Field::projectId), R"("p")");
}

TEST_F(IngestTest, AProjectFirstNamedByAnEventComesIntoBeing) {
  EXPECT_EQ(create(), Kind::accepted);
  ASSERT_NE(store.project(model::ProjectId("p")), nullptr);
  EXPECT_TRUE(store.project(model::ProjectId("p"))->external);
}

TEST_F(IngestTest, AFactAboutAnAbsentWorkspaceIsNotFound) {
  const auto verdict = send("github.pr_url_attached", R"({"prUrl":"u"})");
  EXPECT_EQ(verdict.kind, Kind::rejected);
  EXPECT_EQ(verdict.error.code, ErrorCode::not_found);
  EXPECT_EQ(store.head(), 0U);
}

TEST_F(IngestTest, ARepeatedIdIsADuplicateAndARejectedOneMayComeAgain) {
  EXPECT_EQ(send("workspace.updated", R"({"name":"x"})", "", "same").kind, Kind::rejected);
  create();
  EXPECT_EQ(send("workspace.updated", R"({"name":"x"})", "", "same").kind, Kind::accepted);
  EXPECT_EQ(send("workspace.updated", R"({"name":"y"})", "", "same").kind, Kind::duplicate);
  EXPECT_EQ(send("workspace.updated", R"({"name":"z"})", "", "same", "agents/two").kind,
            Kind::accepted);
  EXPECT_EQ(shown(Field::name), R"("z")");
}

TEST_F(IngestTest, SequencesOrderAndAreComparedAsNumbers) {
  create(sequence(1));
  EXPECT_EQ(send("workspace.updated", R"({"name":"ten"})", sequence(10)).kind, Kind::accepted);
  EXPECT_EQ(send("workspace.updated", R"({"name":"nine"})", sequence(9)).kind, Kind::stale);
  EXPECT_EQ(send("workspace.updated", R"({"name":"eleven"})", R"(,"sequence":"0011")").kind,
            Kind::accepted);
  EXPECT_EQ(
      send("workspace.updated", R"({"name":"max"})", R"(,"sequence":"18446744073709551615")").kind,
      Kind::accepted);
  EXPECT_EQ(shown(Field::name), R"("max")");
  EXPECT_EQ(send("workspace.updated", R"({})", R"(,"sequence":"18446744073709551616")").kind,
            Kind::rejected);
}

TEST_F(IngestTest, S_71_WithoutASequenceTheOrderOfArrivalCounts) {
  create();
  send("workspace.updated", R"({"name":"a"})");
  send("workspace.updated", R"({"name":"b"})");
  EXPECT_EQ(shown(Field::name), R"("b")");
}

TEST_F(IngestTest, ARetiredLifeOfAProducerIsStale) {
  create(R"(,"sourceepoch":"one")");
  send("workspace.updated", R"({"name":"new"})", R"(,"sourceepoch":"two","sequence":"1")");
  EXPECT_EQ(
      send("workspace.updated", R"({"name":"old"})", R"(,"sourceepoch":"one","sequence":"99")")
          .kind,
      Kind::stale);
  EXPECT_EQ(shown(Field::name), R"("new")");
}

TEST_F(IngestTest, S_44_RequestsAreClassifiedByToolAndShapeInAnyOrder) {
  create();
  const auto ask = [&](std::string_view session, std::string_view members) {
    return send("session.pending_request_changed", R"({"sessionId":")" + std::string(session) +
                                                       R"(","requestId":"r","pending":true)" +
                                                       std::string(members) + "}")
        .kind;
  };
  EXPECT_EQ(ask("s1", R"(,"toolName":"Bash")"), Kind::accepted);
  EXPECT_EQ(shown(Field::pendingRequestType), R"("permission_request")");
  ask("s2", R"(,"toolName":"Ask","input":{"questions":[]})");
  EXPECT_EQ(shown(Field::pendingRequestType), R"("user_question")");
  ask("s3", R"(,"toolName":"Approve?","input":{"type":"ExitPlanMode"})");
  EXPECT_EQ(shown(Field::pendingRequestType), R"("plan_approval")");
  send("session.pending_request_changed", R"({"sessionId":"s3","requestId":"r","pending":false})");
  EXPECT_EQ(shown(Field::pendingRequestType), R"("user_question")");
}

TEST_F(IngestTest, S_66_AClearedRequestEndsOnlyItself) {
  create();
  const std::string ask = R"({"sessionId":"s","requestId":"r1","pending":true})";
  send("session.pending_request_changed", ask);
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r2","pending":true})");
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r1","pending":false})");
  EXPECT_EQ(shown(Field::pendingRequestType), R"("permission_request")");
  EXPECT_NE(shown(Field::pendingRequests).find("r2"), std::string::npos);
}

TEST_F(IngestTest, S_90_S_91_ADeletedSessionTakesItsRequestAndItsErrorAlong) {
  create();
  send("session.changed", kSession);
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r","pending":true})");
  EXPECT_EQ(shown(Field::kanbanColumn), R"("WAITING")");
  send("session.removed", R"({"sessionId":"s"})");
  EXPECT_EQ(shown(Field::pendingRequestType), "null");
  EXPECT_EQ(shown(Field::sessionSummaries), "[]");
}

TEST_F(IngestTest, ActivityOfAKnownSessionMovesItsSummaryOfAnUnknownOneTheWorkspace) {
  create();
  send("session.activity_changed", R"({"sessionId":"x","isWorking":true})");
  EXPECT_EQ(shown(Field::isWorking), "true");
  EXPECT_EQ(shown(Field::hasHadSessions), "true");
  send("session.changed", kSession);
  EXPECT_EQ(shown(Field::isWorking), "false");
  send("session.activity_changed", R"({"sessionId":"s","isWorking":true})");
  EXPECT_EQ(shown(Field::isWorking), "true");
  EXPECT_NE(shown(Field::sessionSummaries).find(R"("runtimePhase":"running")"), std::string::npos);
}

// Everything acknowledged before is there after a restart, and order goes on where it was.
TEST_F(IngestTest, ARestartShowsWhatTheJournalKeptAndOldEventsStayOld) {
  create(sequence(1));
  send("workspace.updated", R"({"name":"kept","branchName":"b"})", sequence(5));
  send("workspace.state_changed", R"({"projectId":"p","status":"FAILED"})", sequence(6));
  send("session.changed", kSession, sequence(7));
  send("terminal.changed", R"({"terminalId":"t","state":"busy","title":"make"})", sequence(8));
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r/1","pending":true})",
       sequence(9));
  send("github.pr_snapshot_updated",
       R"({"prNumber":7,"prState":"OPEN","prCiStatus":"PENDING","prUrl":"u"})", sequence(10));

  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  EXPECT_EQ(restarted.restore(journal.contents(), wall, MonoTime{}), 0U);
  for (std::size_t i = 0; i < model::kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    EXPECT_EQ(shown(again, field), shown(field)) << model::field_name(field);
  }
  to = &restarted;
  EXPECT_EQ(send("workspace.updated", R"({"name":"late"})", sequence(4)).kind, Kind::stale);
  EXPECT_EQ(send("workspace.updated", R"({"name":"next"})").kind, Kind::accepted);
  EXPECT_EQ(shown(again, Field::name), R"("next")");
}

TEST_F(IngestTest, ARemovedWorkspaceStaysRemovedAfterARestartUntilSomethingNewerCreatesIt) {
  create(sequence(1));
  send("workspace.removed", "{}", sequence(5));
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  EXPECT_EQ(shown(again, Field::name), "absent");
  const auto submit = [&](std::uint64_t at) {
    model::ExternalEvent event;
    event.id = std::to_string(at);
    event.source = "agents/one";
    event.workspace = model::WorkspaceId("w");
    event.sequence = at;
    event.data = model::WorkspaceStateChanged{
        model::ProjectId("p"), model::WorkspaceStatus::READY, {}, {}, {}, {}};
    std::vector<model::ExternalEvent> events;
    events.push_back(std::move(event));
    return restarted.submit(std::move(events), wall, MonoTime{}).verdicts.front().kind;
  };
  EXPECT_EQ(submit(4), Kind::stale);
  EXPECT_EQ(submit(6), Kind::accepted);
}

TEST_F(IngestTest, WhatAnybodySaidBeforeARemovalStaysVoidAfterARestart) {
  create(sequence(1));
  const auto guest = [&](std::string_view name, std::uint64_t at) {
    return send("workspace.updated", R"({"name":")" + std::string(name) + R"("})", sequence(at), "",
                "agents/two")
        .kind;
  };
  EXPECT_EQ(guest("before", 6), Kind::accepted);
  send("workspace.removed", "{}", sequence(5));
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  to = &restarted;
  EXPECT_EQ(guest("late", 3), Kind::stale);
  EXPECT_EQ(create(sequence(7)), Kind::accepted);
  EXPECT_EQ(guest("late too", 4), Kind::stale);
  EXPECT_EQ(guest("new", 8), Kind::accepted);
  EXPECT_EQ(shown(again, Field::name), R"("new")");
}

TEST_F(IngestTest, ALateWordThatASessionHadStartedIsKept) {
  create(sequence(1));
  send("session.removed", R"({"sessionId":"s"})", sequence(10));
  EXPECT_EQ(send("session.changed", kSession, sequence(9)).kind, Kind::stale);
  EXPECT_EQ(shown(Field::hasHadSessions), "true");
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  EXPECT_EQ(shown(again, Field::hasHadSessions), "true");
}

// Who created a workspace may have spoken again since: all of that comes back behind what others
// said in between.
TEST_F(IngestTest, WhatSeveralSaidComesBackInTheirOrder) {
  constexpr std::string_view kWhole =
      R"({"projectId":"p","status":"READY","pendingRequestType":"plan_approval"})";
  send("snapshot.facts", kWhole);
  send("session.pending_request_changed", R"({"sessionId":"s","requestId":"r","pending":false})",
       "", "", "agents/two");
  EXPECT_EQ(shown(Field::pendingRequestType), "null");
  send("snapshot.facts", kWhole);
  EXPECT_EQ(shown(Field::pendingRequestType), R"("plan_approval")");
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  EXPECT_EQ(shown(again, Field::pendingRequestType), R"("plan_approval")");
}

TEST_F(IngestTest, AWholeListIsKeptAsSuch) {
  create();
  send("session.changed", kSession);
  send("snapshot.facts", R"({"sessionSummaries":[]})");
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  EXPECT_EQ(shown(again, Field::sessionSummaries), "[]");
  EXPECT_EQ(shown(again, Field::unknownFields), shown(Field::unknownFields));
}

// A list of as many sessions as there may be, replaced by as many others.
TEST_F(IngestTest, AWholeListMakesRoomForItselfAlsoAfterARestart) {
  const auto list = [](int first, std::size_t count) {
    std::string text = R"({"sessionSummaries":[)";
    for (std::size_t i = 0; i < count; ++i) {
      std::string session(kSession);
      const std::string id = "s" + std::to_string(first + static_cast<int>(i));
      session.replace(session.find(R"("s")"), 3, '"' + id + '"');
      text.append(i == 0 ? "" : ",").append(session);
    }
    return text + "]}";
  };
  const auto has = [](const snapshot::Store& at, int number) {
    return at.session(model::WorkspaceId("w"), "s" + std::to_string(number)) != nullptr;
  };
  create();
  EXPECT_EQ(send("snapshot.facts", list(1'000, snapshot::kElementsMax)).kind, Kind::accepted);
  EXPECT_EQ(send("snapshot.facts", list(2'000, snapshot::kElementsMax)).kind, Kind::accepted);
  const auto refused = send("snapshot.facts", list(3'000, snapshot::kElementsMax + 1));
  EXPECT_EQ(refused.error.code, ErrorCode::limit_exceeded);
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  for (const snapshot::Store* const at : {&store, &again}) {
    for (int i = 0; i < static_cast<int>(snapshot::kElementsMax); ++i) {
      ASSERT_FALSE(has(*at, 1'000 + i));
      ASSERT_TRUE(has(*at, 2'000 + i));
      ASSERT_FALSE(has(*at, 3'000 + i));
    }
  }
}

TEST_F(IngestTest, WhatANewLifeDidNotRestateStaysGoneAfterARestart) {
  send("workspace.state_changed", R"({"projectId":"p","status":"READY"})", sequence(10), "",
       "agents/two");
  const auto verdicts = send_together({
      {"workspace.state_changed", R"({"projectId":"p","status":"READY"})",
       R"(,"sourceepoch":"one")"},
      {"workspace.updated", R"({"name":"first"})", R"(,"sourceepoch":"one")"},
      {"source.synced", R"({"projectId":"p"})", R"(,"sourceepoch":"two")"},
  });
  for (const auto& verdict : verdicts) EXPECT_EQ(verdict.kind, Kind::accepted);
  EXPECT_EQ(shown(Field::name), "absent");
  snapshot::Store again("two", snapshot::Limits{});
  Ingest restarted(again);
  restarted.restore(journal.contents(), wall, MonoTime{});
  EXPECT_EQ(shown(again, Field::name), "absent");
  // Nor does somebody else's word from before bring it back, in either life.
  for (Ingest* const life : {&ingest, &restarted}) {
    to = life;
    EXPECT_EQ(send("workspace.state_changed", R"({"projectId":"p","status":"READY"})", sequence(5),
                   "", "agents/two")
                  .kind,
              Kind::stale);
  }
}

TEST_F(IngestTest, TheActivityOfATerminalMovesInStepsWhoeverTellsIt) {
  create();
  send("terminal.changed",
       R"({"terminalId":"t","state":"busy","lastActivityAt":"2026-11-01T00:00:01.000Z"})");
  const auto head = store.head();
  send("snapshot.facts",
       R"({"terminals":[{"id":"t","state":"busy","lastActivityAt":"2026-11-01T00:00:09.000Z"}]})");
  EXPECT_EQ(store.head(), head);
}

TEST_F(IngestTest, TheServersOwnNameIsRefusedAsASource) {
  const auto verdict =
      send("workspace.state_changed", R"({"projectId":"p","status":"READY"})", "", "", "snapboard");
  EXPECT_EQ(verdict.kind, Kind::rejected);
  EXPECT_EQ(verdict.error.path, "$.source");
}

// Nothing of a made-up name stays: neither a place among the producers nor a life of it.
TEST(IngestBounds, ARefusedEventOfANewSourceTakesNoPlace) {
  snapshot::Limits limits;
  limits.sources_max = 2;
  snapshot::Store store{"one", limits};
  Ingest ingest{store};
  KeptJournal journal;
  int count = 0;
  const auto send = [&](const std::string& source, model::EventData data) {
    std::vector<model::ExternalEvent> events(1);
    events[0].id = "e" + std::to_string(++count);
    events[0].source = source;
    events[0].source_epoch = "life of " + source;
    events[0].workspace = model::WorkspaceId("w");
    events[0].data = std::move(data);
    auto step = ingest.submit(std::move(events), WallTime{}, MonoTime{});
    journal.write(step.journal);
    return step.verdicts.front().kind;
  };
  const auto state = [](const char* project, model::WorkspaceStatus status) {
    model::WorkspaceStateChanged made;
    made.projectId = model::ProjectId(project);
    made.status = status;
    return made;
  };
  const auto made_up = [&](model::EventData data) {
    return send("made-up/" + std::to_string(count), std::move(data));
  };
  model::WorkspaceUpdated renamed;
  renamed.name = "x";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(made_up(renamed), Kind::rejected) << "no such workspace";
    EXPECT_EQ(made_up(model::WorkspaceRemoved{}), Kind::rejected);
    EXPECT_EQ(made_up(state("p", model::WorkspaceStatus::ARCHIVED)), Kind::rejected);
    EXPECT_EQ(made_up(model::SourceSynced{model::ProjectId("p")}), Kind::rejected);
  }
  EXPECT_EQ(send("agents/one", state("p", model::WorkspaceStatus::READY)), Kind::accepted);
  for (int i = 0; i < 3; ++i) {
    model::SnapshotFacts many;
    many.facts.sessions.upserts.resize(10'000);
    for (std::size_t n = 0; n < many.facts.sessions.upserts.size(); ++n) {
      many.facts.sessions.upserts[n].sessionId = std::to_string(n);
    }
    EXPECT_EQ(made_up(std::move(many)), Kind::rejected) << "too many sessions";
  }
  EXPECT_EQ(send("agents/two", renamed), Kind::accepted);
  EXPECT_EQ(made_up(renamed), Kind::rejected) << "there is room for two";
  EXPECT_EQ(send("agents/one", renamed), Kind::accepted);
  std::vector<std::string> lives;
  for (const auto& [source, life] : journal.contents().source_epochs) lives.push_back(source);
  EXPECT_THAT(lives, ::testing::ElementsAre("agents/one", "agents/two"));
}

TEST_F(IngestTest, ARefusedEventMakesNoProject) {
  model::FactPatch mine;
  mine.set<&model::Facts::projectId>(model::ProjectId("mine"));
  mine.set<&model::Facts::status>(model::WorkspaceStatus::READY);
  model::ProjectInfo project;
  project.id = model::ProjectId("mine");
  ASSERT_TRUE(store.put_project(std::move(project)));
  const model::WorkspaceId id("w");
  ASSERT_TRUE(store
                  .apply(snapshot::UpdateView{.workspace = id,
                                              .source = snapshot::SourceId::own,
                                              .stamp = {0, 1, 0},
                                              .label = "test",
                                              .facts = mine},
                         wall, MonoTime{})
                  .ok());
  EXPECT_EQ(create(), Kind::rejected) << "it is ours";
  EXPECT_EQ(store.project(model::ProjectId("p")), nullptr);
  EXPECT_EQ(store.counts().projects, 1U);
}

}  // namespace
}  // namespace sb::orchestration
