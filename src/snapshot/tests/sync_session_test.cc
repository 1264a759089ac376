#include "sb/snapshot/sync_session.h"

#include "sync_fixture.h"

// One `/sync` connection without its socket: what it says, and when.

namespace sb::snapshot {
namespace {

// --- hello and welcome ---

TEST_F(SyncTest, WaitsTenSecondsForHello) {
  auto session = open();
  EXPECT_EQ(say_next(session), "");
  EXPECT_EQ(session.wake_at(), mono + 10s);
  mono += 10s;
  const std::string bye = say_next(session);
  EXPECT_EQ(member(bye, "type"), "\"bye\"");
  EXPECT_EQ(member(bye, "code"), "\"protocol\"");
  EXPECT_EQ(session.close_code(), 1002);
  EXPECT_EQ(say_next(session), "");
}

TEST_F(SyncTest, GrantsWhatItWasAskedWithinItsBounds) {
  store.set_review_count(4);
  auto session = open();
  session.on_message(
      R"({"type":"hello","protocol":2,"view":{"projectId":"p"},"heartbeatMs":1,"coalesceMs":900})",
      mono);
  EXPECT_EQ(session.wake_at(), mono);
  EXPECT_EQ(say_next(session),
            R"({"coalesceMs":200,"epoch":"epoch-1","head":1,"heartbeatMs":500,)"
            R"("limits":{"batchBytes":262144,"batchOps":1000,"messageBytes":65536},)"
            R"("mode":"reset","reason":"initial","reviewCount":4,"session":"session-1",)"
            R"("type":"welcome"})");
}

TEST_F(SyncTest, BrokenMessagesEndTheConnectionAndSayWhere) {
  const std::string hello = R"({"type":"hello","protocol":2,"view":{"projectId":"p"}})";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"{"}, "$"},
      {{"7"}, "$.type"},
      {{R"({"type":"ack"})"}, "$.type"},
      {{R"({"type":"view","viewSeq":2,"view":{"projectId":"p"}})"}, "$.type"},
      {{R"({"type":"hello","protocol":1,"view":{"projectId":"p"}})"}, "$.protocol"},
      {{R"({"type":"hello","protocol":2})"}, "$.view"},
      {{R"({"type":"hello","protocol":2,"view":{"projectId":"p"},"cursor":7})"}, "$.cursor"},
      {{R"({"type":"hello","protocol":2,"view":{"projectId":"p","shape":1}})"}, "$.view.shape"},
      {{hello, hello}, "$.type"},
      {{hello, R"({"type":"view","view":{"projectId":"p"}})"}, "$.viewSeq"},
      {{hello, R"({"type":"view","viewSeq":1,"view":{"projectId":"p"}})"}, "$.viewSeq"},
      {{hello, R"({"type":"view","viewSeq":2})"}, "$.view"},
      {{std::string(70'000, ' ') + hello}, "$"}};
  for (const auto& [messages, path] : cases) {
    auto session = open();
    for (const auto& message : messages) session.on_message(message, mono);
    const std::string bye = say_next(session);
    EXPECT_EQ(member(bye, "code"), "\"protocol\"") << messages.back();
    EXPECT_EQ(member(bye, "resumable"), "false");
    EXPECT_EQ(member(bye, "detail").rfind("\"" + path + ":", 0), 0U) << bye;
    EXPECT_EQ(session.close_code(), 1002);
  }
}

TEST_F(SyncTest, S_86_AnUnknownOrRemovedProjectEndsTheConnection) {
  StrictClient client;
  auto unknown = join(client, R"({"projectId":"nowhere"})");
  EXPECT_EQ(member(say_next(unknown), "type"), "\"bye\"");
  EXPECT_EQ(unknown.close_code(), 4404);

  create(1);
  auto session = join(client);
  read(session, client);
  store.remove_project(project());
  EXPECT_EQ(member(say_next(session), "type"), "\"bye\"");
  EXPECT_EQ(session.close_code(), 4404);
}

// --- cursors ---

TEST_F(SyncTest, ASessionIsAtHeadOnceItHasSaidEverything) {
  create(1);
  StrictClient client;
  auto session = join(client);
  EXPECT_FALSE(session.is_at_head()) << "a welcome is to come";
  read(session, client);
  EXPECT_TRUE(session.is_at_head());
  say(2, R"({"name":"a"})");
  EXPECT_FALSE(session.is_at_head());
  mono += 1s;
  read(session, client);
  EXPECT_TRUE(session.is_at_head());
  EXPECT_EQ(session.wake_at(), mono + kHeartbeatDefault) << "a mark, whatever happens";
  session.on_message(client.change_view(R"({"projectId":"p"})"), mono);
  EXPECT_FALSE(session.is_at_head()) << "of another view nothing is said yet";
  read(session, client);
  EXPECT_TRUE(session.is_at_head());
  session.end(ByeCode::restart, 0ms);
  EXPECT_FALSE(session.is_at_head()) << "its end is to be told";
}

TEST_F(SyncTest, AnswersACursorByTheTableOfTheProtocol) {
  create(1);
  create(2, "gone");
  const Revision before = store.head();
  const auto presented = [&](const std::string& cursor) {
    auto session = open();
    session.on_message(
        R"({"type":"hello","protocol":2,"view":{"projectId":"p"},"cursor":")" + cursor + "\"}",
        mono);
    const std::string welcome = say_next(session);
    return member(welcome, "mode") + member(welcome, "reason");
  };
  const auto cursor = [&](Revision revision) {
    return encode_cursor({"epoch-1", revision, true, full_view_hash("p")});
  };
  EXPECT_EQ(presented(cursor(before)), R"("resume"absent)");
  EXPECT_EQ(presented(""), R"("reset""initial")");
  EXPECT_EQ(presented("nonsense"), R"("reset""initial")");
  EXPECT_EQ(presented(cursor(before + 1)), R"("reset""initial")");
  EXPECT_EQ(presented(encode_cursor({"epoch-0", before, true, full_view_hash("p")})),
            R"("reset""epoch")");
  EXPECT_EQ(presented(encode_cursor({"epoch-1", before, true, full_view_hash("q")})),
            R"("reset""view")");
  remove(3, kA, "gone");
  const Revision removed = store.head();
  mono += 2h;
  store.expire(mono);
  EXPECT_EQ(presented(cursor(before)), R"("reset""compacted")");
  EXPECT_EQ(presented(cursor(removed)), R"("resume"absent)");
}

TEST_F(SyncTest, S_77_CursorsOfDialect1AndOfTheFullViewAreTheSame) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  const std::string from_sync = client.shown().cursor;
  auto dialect1 = subscribe("p", from_sync);
  EXPECT_TRUE(messages(dialect1).empty());
  say(3, R"({"name":"x"})", kA, "a");
  EXPECT_EQ(messages(dialect1), Messages{"changed a"});

  auto resumed = open();
  resumed.on_message(
      R"({"type":"hello","protocol":2,"patch":true,"view":{"projectId":"p"},"cursor":")" +
          encode_cursor({"epoch-1", store.head() - 1, true, full_view_hash("p")}) + "\"}",
      mono);
  EXPECT_EQ(member(say_next(resumed), "mode"), "\"resume\"");
  EXPECT_EQ(ops(say_next(resumed)), Ops{"patch a"});
}

TEST_F(SyncTest, ACursorInsideACommitIsContinuedByDialect1WithItsRest) {
  store.begin_commit();
  for (int i = 0; i < 3; ++i) create(static_cast<std::uint64_t>(i) + 1, "w" + std::to_string(i));
  store.end_commit();
  ViewEncoder tiny(store, {.bytes = 1, .ops = 1});
  SyncSession session(tiny, {"s", 0ms, true, {}}, mono);
  session.on_message(R"({"type":"hello","protocol":2,"view":{"projectId":"p"}})", mono);
  say_next(session);
  const std::string first = say_next(session);
  EXPECT_EQ(member(first, "complete"), "false");
  std::string cursor = member(first, "cursor");
  auto dialect1 = subscribe("p", cursor.substr(1, cursor.size() - 2));
  EXPECT_EQ(messages(dialect1).size(), 3U);
}

// --- batches ---

TEST_F(SyncTest, EntriesCarryNoBookkeeping) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  const auto& fields = client.shown().entries.at("w").fields;
  EXPECT_EQ(fields.size(), model::kFieldCount + 1);
  EXPECT_FALSE(fields.contains("version"));
  EXPECT_FALSE(fields.contains("fieldTimestamps"));
}

TEST_F(SyncTest, APatchHoldsEveryFieldAboveTheCursorAndNothingElse) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(2, R"({"name":"x"})");
  say(3, R"({"branchName":"b"})");
  say(4, R"({"branchName":null,"runScriptStatus":"RUNNING"})");
  mono += 1s;
  const std::string batch = say_next(session);
  JsonDocument document;
  const auto message = document.parse(batch);
  message->find("ops")->each_element([](std::size_t, JsonValue op) {
    EXPECT_EQ(json_text(*op.find("set")),
              R"({"branchName":null,"name":"x","runScriptStatus":"RUNNING",)"
              R"("unknownFields":)" +
                  json_text(*op.find("set")->find("unknownFields")) + "}");
  });
  EXPECT_EQ(member(batch, "conflated"), "true");
  client.take(batch);
  EXPECT_TRUE(client.errors.empty());
  EXPECT_EQ(client.patches, 1U);
  say(5, R"({"name":"y"})");
  mono += 1s;
  EXPECT_EQ(member(say_next(session), "conflated"), "absent");
}

TEST_F(SyncTest, AReaderWithoutPatchesGetsWholeEntries) {
  create(1);
  StrictClient client;
  auto session = join(client, R"({"projectId":"p"})", false);
  read(session, client);
  say(2, R"({"name":"x"})");
  mono += 1s;
  EXPECT_EQ(ops(say_next(session)), Ops{"put w"});
}

TEST_F(SyncTest, AChangeOutsideOfTheShapeIsNotSent) {
  create(1);
  StrictClient client;
  auto session = join(client, R"({"projectId":"p","shape":"sidebar"})");
  read(session, client);
  EXPECT_EQ(client.shown().entries.at("w").fields.size(), fields_of(ViewShape::sidebar).size() + 1);
  say(2, R"({"ratchetDispatchRetryCount":2,"prHeadBranch":"x"})");
  const Revision known = store.head();
  say(3, R"({"ratchetDispatchRetryCount":3})");
  mono += 1s;
  const std::string first = say_next(session);  // both were unknown before: unknownFields moved
  EXPECT_EQ(member(first, "to"), std::to_string(store.head()));
  client.take(first);
  EXPECT_EQ(client.shown().entries.at("w").revision, known);
  say(4, R"({"ratchetDispatchRetryCount":4})");
  mono += 1s;
  const std::string mark = say_next(session);
  EXPECT_EQ(member(mark, "type"), "\"mark\"");
  client.take(mark);
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
}

TEST_F(SyncTest, S_37_EnteringAColumnIsAPutAndLeavingItADel) {
  create(1, "a");
  create(2, "b");
  say(3, R"({"isWorking":true})", kA, "a");
  StrictClient client;
  auto session = join(client, R"({"projectId":"p","where":{"kanbanColumn":"WORKING"}})");
  read(session, client);
  EXPECT_EQ(client.shown().entries.size(), 1U);
  say(4, R"({"isWorking":true})", kA, "b");
  mono += 1s;
  const std::string entered = say_next(session);
  EXPECT_EQ(ops(entered), Ops{"put b"});
  client.take(entered);
  say(5, R"({"isWorking":false})", kA, "a");
  mono += 1s;
  const std::string left = say_next(session);
  EXPECT_EQ(ops(left), Ops{"del a"});
  client.take(left);
  EXPECT_EQ(client.shown().entries.size(), 1U);
  EXPECT_TRUE(client.errors.empty());
}

TEST_F(SyncTest, WhatIsHiddenIsToldOnce) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(2, R"({"status":"ARCHIVING"})");
  mono += 1s;
  EXPECT_EQ(ops(say_next(session)), Ops{"del w"});
  say(3, R"({"name":"later"})");
  say(4, R"({"projectId":"q"})");
  remove(5);
  mono += 1s;
  EXPECT_NE(member(say_next(session), "type"), "\"batch\"");
}

TEST_F(SyncTest, ANamedHiddenStatusIsShownUntilTheEntryGoes) {
  create(1);
  StrictClient client;
  auto session = join(client, R"({"projectId":"p","where":{"status":["ARCHIVING"]}})");
  read(session, client);
  EXPECT_TRUE(client.shown().entries.empty());
  say(2, R"({"status":"ARCHIVING"})");
  read(session, client);
  EXPECT_EQ(client.shown().entries.size(), 1U);
  say(3, R"({"name":"x"})");
  read(session, client);
  EXPECT_EQ(client.shown().entries.at("w").fields.at("name"), "\"x\"");
  remove(4);
  read(session, client);
  EXPECT_TRUE(client.shown().entries.empty());
}

TEST_F(SyncTest, AllProjectsAreOneView) {
  create(1, "a");
  create(2, "b", kA, "q");
  StrictClient client;
  auto session = join(client, R"({"projectId":"*"})");
  read(session, client);
  EXPECT_EQ(client.shown().entries.size(), 2U);
  say(3, R"({"projectId":"q"})", kA, "a");
  mono += 1s;
  const std::string moved = say_next(session);
  EXPECT_EQ(ops(moved), Ops{"patch a"});
  client.take(moved);
  store.remove_project(project("q"));
  read(session, client);
  EXPECT_TRUE(client.shown().entries.empty());
  EXPECT_EQ(session.close_code(), std::nullopt);
}

TEST_F(SyncTest, AViewIsChangedInPlaceByAReset) {
  create(1, "a");
  create(2, "b", kA, "q");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  session.on_message(client.change_view(R"({"projectId":"q","shape":"list"})"), mono);
  EXPECT_EQ(session.wake_at(), mono);
  const std::string batch = say_next(session);
  EXPECT_EQ(member(batch, "viewSeq"), "2");
  EXPECT_EQ(member(batch, "reset"), "true");
  EXPECT_EQ(member(batch, "reason"), "\"view\"");
  client.take(batch);
  EXPECT_TRUE(client.settled());
  EXPECT_TRUE(client.shown().entries.contains("b"));
  EXPECT_FALSE(client.shown().entries.contains("a"));
}

TEST_F(SyncTest, ALargeViewComesInBoundedBatchesWithoutPartialDisplay) {
  store.begin_commit();
  for (int i = 0; i < 400; ++i) {
    create(static_cast<std::uint64_t>(i) + 1, "w" + std::to_string(i));
  }
  store.end_commit();
  StrictClient client;
  auto session = join(client);
  std::size_t batches = 0;
  while (const auto message = session.next(mono)) {
    EXPECT_LE(message->front().size(), 256U * 1024U);
    client.take(message->front().text());
    ++batches;
    if (!client.settled()) {
      EXPECT_TRUE(client.shown().entries.empty());  // T8
    }
  }
  EXPECT_GT(batches, 3U);
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
  EXPECT_EQ(client.shown().entries.size(), 400U);
}

TEST_F(SyncTest, F5_AHotSetLargerThanABatchStillCompletes) {
  ViewEncoder tiny(store, {.bytes = 8'000, .ops = 2});
  std::uint64_t sequence = 0;
  for (int i = 0; i < 10; ++i) create(++sequence, "w" + std::to_string(i));
  StrictClient client;
  SyncSession session(tiny, {"s", 0ms, true, {}}, mono);
  session.on_message(client.hello(R"({"projectId":"p"})", true), mono);
  std::size_t completions = 0;
  for (int round = 0; round < 300; ++round) {
    // All of them move between any two batches.
    for (int i = 0; i < 10; ++i) {
      const std::string name = std::to_string(++sequence);
      say(sequence, R"({"name":")" + name + "\"}", kA, "w" + std::to_string(i));
    }
    mono += 10ms;
    if (const auto message = session.next(mono)) client.take(message->front().text());
    completions += client.completed_at.size();
    client.completed_at.clear();
  }
  EXPECT_GE(completions, 50U);
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
}

TEST_F(SyncTest, F3_WhatCostsMoreThanTheWholeViewBecomesAReset) {
  ViewEncoder tiny(store, {.bytes = 2'000, .ops = 100});
  std::uint64_t sequence = 0;
  create(++sequence, "stays");
  for (int i = 0; i < 60; ++i) create(++sequence, "w" + std::to_string(i));
  StrictClient client;
  SyncSession session(tiny, {"s", 0ms, true, {}}, mono);
  session.on_message(client.hello(R"({"projectId":"p"})", true), mono);
  while (const auto message = session.next(mono)) client.take(message->front().text());
  for (int i = 0; i < 60; ++i) remove(++sequence, kA, "w" + std::to_string(i));
  mono += 1s;
  const std::string batch = say_next(session);
  EXPECT_EQ(member(batch, "reset"), "true");
  client.take(batch);
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
  EXPECT_EQ(client.shown().entries.size(), 1U);
}

TEST_F(SyncTest, ALiveReaderBelowTheFloorIsResetInTheSameConnection) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  remove(3, kA, "b");
  mono += 2h;
  store.expire(mono);
  const std::string batch = say_next(session);
  EXPECT_EQ(member(batch, "reason"), "\"compacted\"");
  client.take(batch);
  EXPECT_TRUE(client.errors.empty()) << client.errors.front();
  EXPECT_EQ(client.shown().entries.size(), 1U);
}

TEST_F(SyncTest, ReadersOfOneViewShareOneEncoding) {
  create(1);
  StrictClient a;
  StrictClient b;
  auto one = join(a);
  auto two = join(b, R"({"where":{},"shape":"full","projectId":"p"})");
  (void)one.next(mono);
  (void)two.next(mono);
  EXPECT_EQ(one.next(mono), two.next(mono));
  say(2, R"({"name":"x"})");
  mono += 1s;
  EXPECT_EQ(one.next(mono), two.next(mono));
}

// --- time ---

TEST_F(SyncTest, TheFirstChangeGoesAtOnceAndLaterOnesKeepTheGap) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(2, R"({"name":"a"})");
  EXPECT_EQ(member(say_next(session), "type"), "\"batch\"");
  say(3, R"({"name":"b"})");
  mono += 10ms;
  EXPECT_EQ(say_next(session), "");
  EXPECT_EQ(session.wake_at(), mono + 90ms);
  mono += 90ms;
  EXPECT_EQ(member(say_next(session), "type"), "\"batch\"");
}

TEST_F(SyncTest, S_117_AChangeOfTheStatusReasonNeverWaits) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client);
  read(session, client);
  say(3, R"({"name":"x"})", kA, "a");
  (void)session.next(mono);
  say(4, R"({"pendingRequestType":"plan_approval"})", kA, "b");
  EXPECT_EQ(ops(say_next(session)), Ops{"patch b"});
  say(5, R"({"status":"ARCHIVING"})", kA, "b");
  EXPECT_EQ(ops(say_next(session)), Ops{"del b"});
}

TEST_F(SyncTest, AUrgentChangeOfAnotherViewDoesNotBreakTheGap) {
  create(1, "a");
  create(2, "b");
  StrictClient client;
  auto session = join(client, R"({"projectId":"p","where":{"kanbanColumn":"WAITING"}})");
  read(session, client);
  say(3, R"({"isWorking":true})", kA, "b");
  EXPECT_EQ(ops(say_next(session)), Ops{"del b"});
  say(4, R"({"name":"x"})", kA, "a");
  say(5, R"({"name":"x"})", kA, "b");
  EXPECT_EQ(say_next(session), "");
}

TEST_F(SyncTest, MarksAreTheHeartbeatAndSayHowTheSourcesDo) {
  create(1);
  store.set_review_count(2);
  StrictClient client;
  SyncSession session(views,
                      {"s", 100ms, true,
                       [] {
                         return std::vector<SourceHealth>{{"git", "live", 12, 340},
                                                          {"github", "unreachable", {}, {}}};
                       }},
                      mono);
  session.on_message(client.hello(R"({"projectId":"p"})", true), mono);
  client.take(session.next(mono)->front().text());
  client.take(session.next(mono)->front().text());
  EXPECT_EQ(say_next(session), "");
  EXPECT_EQ(session.wake_at(), mono + 5s);
  mono += 5s;
  const std::string mark = say_next(session);
  EXPECT_EQ(member(mark, "type"), "\"mark\"");
  EXPECT_EQ(member(mark, "revision"), std::to_string(store.head()));
  EXPECT_EQ(member(mark, "reviewCount"), "2");
  EXPECT_EQ(member(mark, "sources"),
            R"([{"lagMs":12,"lastOkAgeMs":340,"name":"git","state":"live"},)"
            R"({"lagMs":null,"lastOkAgeMs":null,"name":"github","state":"unreachable"}])");
  EXPECT_EQ(member(mark, "digest").size(), 18U);
  client.take(mark);  // V4: compares the digest
  EXPECT_TRUE(client.errors.empty());
}

TEST_F(SyncTest, WhatAViewDoesNotShowIsMarkedAtMostOnceASecond) {
  create(1);
  StrictClient client;
  auto session = join(client, R"({"projectId":"p","where":{"kanbanColumn":"DONE"}})");
  read(session, client);
  std::size_t marks = 0;
  for (std::uint64_t i = 2; i < 302; ++i) {
    mono += 10ms;
    say(i, R"({"name":"n)" + std::to_string(i) + "\"}");
    if (const auto message = session.next(mono)) {
      client.take(message->front().text());
      ++marks;
    }
  }
  EXPECT_EQ(marks, 3U);
  EXPECT_TRUE(client.errors.empty());
}

TEST_F(SyncTest, ChangesOfOtherProjectsAreSilentButMoveTheCursorWithTheHeartbeat) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  create(2, "other", kA, "q");
  mono += 2s;
  EXPECT_EQ(say_next(session), "");
  mono += 3s;
  const std::string mark = say_next(session);
  EXPECT_EQ(member(mark, "revision"), std::to_string(store.head()));
}

TEST_F(SyncTest, S_100_AReviewCountAloneIsAMark) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  store.set_review_count(3);
  const std::string mark = say_next(session);
  EXPECT_EQ(member(mark, "type"), "\"mark\"");
  EXPECT_EQ(member(mark, "reviewCount"), "3");
  client.take(mark);
  EXPECT_EQ(client.shown().review_count, 3);
  EXPECT_EQ(say_next(session), "");
}

// --- the end ---

TEST_F(SyncTest, ARestartLeavesAFreshCursorBehind) {
  create(1);
  StrictClient client;
  auto session = join(client);
  read(session, client);
  create(2, "other", kA, "q");
  session.end(ByeCode::restart, 250ms);
  const std::string mark = say_next(session);
  EXPECT_EQ(member(mark, "type"), "\"mark\"");
  EXPECT_EQ(member(mark, "revision"), std::to_string(store.head()));
  EXPECT_FALSE(session.close_code());
  EXPECT_EQ(say_next(session),
            R"({"code":"restart","resumable":true,"retryAfterMs":250,"type":"bye"})");
  EXPECT_EQ(session.close_code(), 1001);
  EXPECT_EQ(say_next(session), "");
}

TEST_F(SyncTest, EveryByeHasItsCloseCode) {
  const std::vector<std::pair<ByeCode, std::uint16_t>> codes{{ByeCode::restart, 1001},
                                                             {ByeCode::slow, 4408},
                                                             {ByeCode::unauthorized, 4401},
                                                             {ByeCode::limit, 1013},
                                                             {ByeCode::protocol, 1002}};
  for (const auto& [code, close_code] : codes) {
    auto session = open();
    session.end(code, 0ms);
    EXPECT_EQ(member(say_next(session), "code"), '"' + std::string(enum_text(code)) + '"');
    EXPECT_EQ(session.close_code(), close_code);
  }
}

}  // namespace
}  // namespace sb::snapshot
