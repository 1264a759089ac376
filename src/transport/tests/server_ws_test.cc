#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/json_value.h"

#include "test_server.h"
#include "ws_client_frames.h"

namespace sb::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What a subscriber shows: name by workspace, kept up to date from messages.
struct Board {
  /// False for anything that is not a message of dialect 1.
  bool take(const std::optional<RawFrame>& frame) {
    if (!frame || frame->opcode != 1) return false;
    JsonDocument document;
    const auto message = document.parse(frame->payload);
    if (!message) return false;
    bytes += frame->payload.size();
    ++messages;
    const auto type = message->find("type")->as_string();
    if (const auto found = message->find("cursor")) cursor = *found->as_string();
    if (type == "snapshot_full") {
      names.clear();
      message->find("entries")->each_element(
          [&](std::size_t, const JsonValue& entry) { put(entry); });
    } else if (type == "snapshot_changed") {
      put(*message->find("entry"));
    } else if (type == "snapshot_removed") {
      names.erase(std::string(*message->find("workspaceId")->as_string()));
    } else {
      return false;
    }
    return true;
  }
  void put(const JsonValue& entry) {
    names[std::string(*entry.find("workspaceId")->as_string())] = *entry.find("name")->as_string();
  }

  std::map<std::string, std::string> names;
  std::string cursor;
  std::size_t bytes = 0;
  std::size_t messages = 0;
};

TEST(ServerSnapshots, SendABaselineThenEveryChange) {
  TestServer server;
  server.put("w1", "one");
  RawClient client = server.client();
  const RawResponse answer = client.request(server.page_upgrade("/snapshots?projectId=p1"));
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(answer.headers.count("sec-websocket-extensions"), 0U);
  const auto full = client.message();
  ASSERT_TRUE(full);
  EXPECT_THAT(full->payload,
              StartsWith(R"({"type":"snapshot_full","projectId":"p1","entries":[{)"));
  EXPECT_THAT(full->payload, HasSubstr(R"("cursor":")"));
  server.put("w2", "two");
  EXPECT_THAT(client.message()->payload,
              StartsWith(R"({"type":"snapshot_changed","workspaceId":"w2","entry":{)"));
  server.remove("w1");
  EXPECT_THAT(client.message()->payload,
              StartsWith(R"({"type":"snapshot_removed","workspaceId":"w1")"));
  server.put("w2", "two");  // nothing visible
  server.put("w2", "three");
  EXPECT_THAT(client.message()->payload, HasSubstr(R"("name":"three")"));
}

TEST(ServerSnapshots, JoinWhatOneTurnChanged) {
  TestServer server;
  RawClient client = server.subscribe();
  Board board;
  ASSERT_TRUE(board.take(client.message()));
  server.on_loop([&] {
    for (int i = 0; i < 50; ++i) server.put_now("w" + std::to_string(i % 5), std::to_string(i));
  });
  while (board.names["w4"] != "49") ASSERT_TRUE(board.take(client.message()));
  EXPECT_EQ(board.messages, 6U);  // one baseline, five newest states
}

TEST(ServerSnapshots, ResumeFromACursor) {
  TestServer server;
  server.put("w1", "one");
  Board board;
  {
    RawClient client = server.subscribe();
    ASSERT_TRUE(board.take(client.message()));
  }
  server.put("w2", "two");
  RawClient again = server.subscribe("/snapshot?projectId=p1&cursor=" + board.cursor);
  const auto change = again.message();
  EXPECT_THAT(change->payload, StartsWith(R"({"type":"snapshot_changed","workspaceId":"w2")"));
  RawClient wrong = server.subscribe("/snapshots?projectId=p1&cursor=nonsense");
  EXPECT_THAT(wrong.message()->payload, StartsWith(R"({"type":"snapshot_full")"));
}

TEST(ServerSnapshots, HoldChangesBackForTheCoalescingGap) {
  ServerConfig config = TestServer::default_config();
  config.coalesce = std::chrono::milliseconds(50);
  TestServer server(config);
  server.put("w1", "0");
  RawClient client = server.subscribe();
  Board board;
  ASSERT_TRUE(board.take(client.message()));
  for (int i = 1; i <= 20; ++i) server.put("w1", std::to_string(i));
  while (board.names["w1"] != "20") ASSERT_TRUE(board.take(client.message()));
}

TEST(ServerSnapshots, S_54_RefuseUpgradesByRule) {
  TestServer server;
  const std::string own = "Origin: http://localhost:" + std::to_string(server.port) + "\r\n";
  const std::string target = "/snapshots?projectId=p1";
  const std::vector<std::tuple<std::string, std::string, int>> cases{
      {target, "", 400},
      {target, "Origin: http://evil.example\r\n", 400},
      {target, "Origin: null\r\n", 400},
      {target, own + "X-Forwarded-For: 1.2.3.4\r\n", 403},
      {"/snapshots", own, 400},
      {"/snapshots?projectId=", own, 400},
      {"/snapshotz?projectId=p1", own, 404},
      {target, own + "Sec-WebSocket-Key: again\r\n", 400},
      {target, own + "Sec-WebSocket-Version: 8\r\n", 426},
      {"/sync", "", 400},
      {"/sync", "Origin: http://evil.example\r\n", 400},
      {"/sync", own + "X-Forwarded-For: 1.2.3.4\r\n", 403},
      {"/sync", own + "Sec-WebSocket-Version: 8\r\n", 426},
      {"/sync", own, 101},
  };
  for (const auto& [path, headers, status] : cases) {
    RawClient client = server.client();
    EXPECT_EQ(client.request(server.upgrade(path, headers)).status, status) << path << headers;
    if (status != 404 && status != 101) {
      EXPECT_TRUE(client.ends()) << path << headers;
    }
  }
  RawClient foreign = server.client();
  std::string text = server.upgrade(target, own);
  text.replace(text.find("Host: localhost"), 15, "Host: evil.test");
  EXPECT_EQ(foreign.request(text).status, 403);
}

TEST(ServerSnapshots, TellABrowserByCloseCodeWhyItMayNot) {
  TestServer server;
  const std::string own = "Origin: http://localhost:" + std::to_string(server.port) + "\r\n";
  for (const char* path : {"/snapshots?projectId=p1", "/sync"}) {
    RawClient anonymous = server.client();
    EXPECT_EQ(anonymous.request(server.upgrade(path, own)).status, 101) << path;
    EXPECT_EQ(anonymous.close_code(), 4401) << path;
  }
  RawClient wrong = server.client();
  EXPECT_EQ(wrong.request(server.upgrade("/snapshots?projectId=p1", "Authorization: Bearer x\r\n"))
                .status,
            101);
  EXPECT_EQ(wrong.close_code(), 4401);
  RawClient unknown = server.client();
  EXPECT_EQ(unknown.request(server.page_upgrade("/snapshots?projectId=p2")).status, 101);
  EXPECT_EQ(unknown.close_code(), 4404);
  RawClient tool = server.client();
  EXPECT_EQ(
      tool.request(server.upgrade("/snapshots?projectId=p1", "Authorization: Bearer t0ken\r\n"))
          .status,
      101);
  EXPECT_THAT(tool.message()->payload, StartsWith(R"({"type":"snapshot_full")"));
}

TEST(ServerSnapshots, CloseWhenTheProjectGoes) {
  TestServer server;
  RawClient client = server.subscribe();
  ASSERT_TRUE(client.message());
  server.on_loop([&] {
    server.store.remove_project(model::ProjectId("p1"));
    server.server->store_changed();
  });
  EXPECT_EQ(client.close_code(), 4404);
  client.send(client_frame(0x8, close_payload(4404)));
  EXPECT_TRUE(client.ends());
}

TEST(ServerSnapshots, S_86_IgnoreMessagesWithinTheLimit) {
  TestServer server;
  RawClient client = server.subscribe();
  ASSERT_TRUE(client.message());
  for (int i = 0; i < 10; ++i) client.send(client_frame(0x1, std::string(60'000, 'x')));
  client.send(client_frame(0x2, "\xFF") + client_frame(0xA, "unasked"));
  client.send(client_frame(0x9, "are you there"));
  const auto pong = client.frame();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->opcode, 0xA);
  EXPECT_EQ(pong->payload, "are you there");
}

TEST(ServerSnapshots, CloseOnBadFramesWithTheRightCode) {
  TestServer server;
  const std::vector<std::tuple<const char*, std::string, int>> cases{
      {"too big", client_frame(0x1, std::string((64U << 10U) + 1, 'x')), 1009},
      {"unmasked", client_frame(0x1, "x", {.masked = false}), 1002},
      {"reserved bit", client_frame(0x41, "x"), 1002},
      {"bad UTF-8", client_frame(0x1, "\xFF"), 1007},
      {"bad close", client_frame(0x8, "x"), 1002},
      {"orderly", client_frame(0x8, close_payload(1000, "bye")), 1000},
      {"orderly, other code", client_frame(0x8, close_payload(4000)), 4000},
  };
  for (const auto& [name, bytes, code] : cases) {
    RawClient client = server.subscribe();
    ASSERT_TRUE(client.message()) << name;
    client.send(bytes);
    const auto close = client.message();
    ASSERT_TRUE(close) << name;
    EXPECT_EQ(close->close_code(), code) << name;
    EXPECT_TRUE(client.ends()) << name;
  }
  RawClient mute = server.subscribe();
  ASSERT_TRUE(mute.message());
  mute.send(client_frame(0x8, ""));
  EXPECT_EQ(mute.message()->payload, "");  // a close without a code is answered without one
  EXPECT_TRUE(mute.ends());
}

TEST(ServerSnapshots, ReadFramesSentRightBehindTheRequest) {
  TestServer server;
  RawClient client = server.client();
  client.send(server.page_upgrade("/snapshots?projectId=p1") + client_frame(0x9, "early"));
  EXPECT_EQ(client.response().status, 101);
  std::vector<int> opcodes;
  while (opcodes.size() < 2) opcodes.push_back(client.frame()->opcode);
  EXPECT_THAT(opcodes, ::testing::UnorderedElementsAre(0x1, 0xA));
}

TEST(ServerSnapshots, CloseWhoDoesNotAnswerAPing) {
  ServerConfig config = TestServer::default_config();
  config.ping_interval = std::chrono::milliseconds(20);
  TestServer server(config);
  RawClient dead = server.subscribe();
  ASSERT_TRUE(dead.message());
  const auto ping = dead.frame();
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->opcode, 0x9);
  EXPECT_TRUE(dead.ends());
}

TEST(ServerSnapshots, KeepWhoAnswersPings) {
  ServerConfig config = TestServer::default_config();
  config.ping_interval = std::chrono::milliseconds(1'000);
  TestServer server(config);
  RawClient alive = server.subscribe();
  ASSERT_TRUE(alive.message());
  for (int i = 0; i < 2; ++i) {
    const auto ping = alive.frame();
    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->opcode, 0x9);
    alive.send(client_frame(0xA, ping->payload));
  }
}

TEST(ServerSnapshots, S_86_AreLimitedPerOrigin) {
  ServerConfig config = TestServer::default_config();
  config.connections_per_origin_max = 2;
  config.allow_origins = {"http://localhost:3000"};
  TestServer server(config);
  RawClient first = server.subscribe();
  {
    RawClient second = server.subscribe();
    RawClient third = server.client();
    EXPECT_EQ(third.request(server.page_upgrade("/snapshots?projectId=p1")).status, 503);
    RawClient other = server.client();
    EXPECT_EQ(
        other
            .request(server.upgrade("/snapshots?projectId=p1", "Origin: http://localhost:3000\r\n"))
            .status,
        101);
    second.send(client_frame(0x8, ""));
    EXPECT_EQ(second.close_code(), 0);
    EXPECT_TRUE(second.ends());
  }
  RawClient fourth = server.subscribe();
  EXPECT_TRUE(fourth.message());
}

// A reader that stands still: others see no delay, and what it gets in the end is the newest state
// and not a backlog.
TEST(ServerSnapshots, S_48_S_89_KeepAStalledReaderFromHoldingUpOthers) {
  TestServer server;
  RawClient stalled = server.subscribe("/snapshots?projectId=p1", 4096);
  RawClient reader = server.subscribe();
  constexpr int kRounds = 100;
  constexpr int kWorkspaces = 20;
  const std::string filler(10'000, 'f');
  Board seen;
  for (int round = 1; round <= kRounds; ++round) {
    const std::string name = std::to_string(round) + filler;
    server.on_loop([&] {
      for (int i = 0; i < kWorkspaces; ++i) server.put_now("w" + std::to_string(i), name);
    });
    const std::string last = "w" + std::to_string(kWorkspaces - 1);
    while (seen.names[last] != name) ASSERT_TRUE(seen.take(reader.message()));
  }
  EXPECT_GT(seen.bytes, 20'000'000U);
  Board late;
  while (late.names != seen.names) ASSERT_TRUE(late.take(stalled.message()));
  EXPECT_LT(late.bytes, seen.bytes / 2);
  server.put("w0", "after");
  while (late.names["w0"] != "after") ASSERT_TRUE(late.take(stalled.message()));
}

TEST(ServerSnapshots, CloseAStalledReaderAsSlow) {
  ServerConfig config = TestServer::default_config();
  config.stall_timeout = std::chrono::milliseconds(100);
  config.close_grace = testing::kTestDeadline;
  TestServer server(config);
  server.on_loop([&] {
    for (int i = 0; i < 400; ++i) {
      server.put_now("w" + std::to_string(i), std::string(10'000, 'n'));
    }
  });
  RawClient stalled = server.subscribe("/snapshots?projectId=p1", 4096);
  // Wait until the server has given up, then read on.
  const auto given_up = [&] {
    return server.ask("GET", "/metrics").body.find("websocket_slow_closed_total 1") !=
           std::string::npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  while (!given_up()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  const auto baseline = stalled.message();
  ASSERT_TRUE(baseline);
  EXPECT_THAT(baseline->payload, StartsWith(R"({"type":"snapshot_full")"));
  EXPECT_EQ(stalled.close_code(), 4408);
}

TEST(ServerSnapshots, S_47_DropAStalledReaderThatNeverComesBack) {
  ServerConfig config = TestServer::default_config();
  config.stall_timeout = std::chrono::milliseconds(50);
  config.close_grace = std::chrono::milliseconds(50);
  TestServer server(config);
  server.on_loop([&] {
    for (int i = 0; i < 400; ++i) {
      server.put_now("w" + std::to_string(i), std::string(10'000, 'n'));
    }
  });
  RawClient stalled = server.subscribe("/snapshots?projectId=p1", 4096);
  const auto dropped = [&] {
    return server.ask("GET", "/metrics").body.find("websocket_connections 0") != std::string::npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  while (!dropped()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(ServerShutdown, SaysGoodbyeToEverybody) {
  TestServer server;
  RawClient polite = server.subscribe();
  RawClient idle = server.client();
  EXPECT_EQ(idle.request(server.request("GET", "/healthz")).status, 200);
  server.on_loop([&] { server.sinks.hold = true; });
  RawClient busy = server.client();
  const std::string event =
      R"({"specversion":"1.0","id":"e","source":"s","type":"workspace.removed","subject":"w"})";
  busy.send(server.request("POST", "/api/events", "Content-Type: application/cloudevents+json\r\n",
                           event));
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  bool held = false;
  while (!held) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    server.on_loop([&] { held = !server.sinks.held.empty(); });
  }
  std::promise<void> done;
  server.on_loop(
      [&] { server.server->shutdown(testing::kTestDeadline, [&] { done.set_value(); }); });
  EXPECT_EQ(polite.close_code(), 1001);
  polite.send(client_frame(0x8, close_payload(1001)));
  EXPECT_TRUE(polite.ends());
  EXPECT_TRUE(idle.ends());
  EXPECT_THROW(server.client(), std::runtime_error);
  server.on_loop([&] { server.sinks.held.front()(); });
  const RawResponse answer = busy.response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(busy.ends());
  {
    const RawClient gone = std::move(busy);
  }
  EXPECT_EQ(done.get_future().wait_for(testing::kTestDeadline), std::future_status::ready);
}

TEST(ServerShutdown, AnswersWhoeverWaits) {
  TestServer server;
  server.put("w1", "one");
  std::uint64_t head = 0;
  server.on_loop([&] { head = server.store.head(); });
  std::string body = server.ask("GET", "/api/projects/p1/changes").body;
  body.erase(0, body.find(R"("cursor":")") + 10);
  const std::string cursor = body.substr(0, body.find('"'));
  RawClient poll = server.client();
  poll.send(server.request("GET", "/api/projects/p1/changes?waitMs=20000&cursor=" + cursor));
  RawClient read = server.client();
  read.send(
      server.request("GET", "/api/projects/p1/snapshot?epoch=epoch-1&waitMs=20000&minRevision=" +
                                std::to_string(head + 1)));
  // Both wait once a request sent after them on the same loop is answered.
  ASSERT_EQ(server.ask("GET", "/healthz").status, 200);
  std::promise<void> done;
  server.on_loop(
      [&] { server.server->shutdown(testing::kTestDeadline, [&] { done.set_value(); }); });
  EXPECT_EQ(poll.response().status, 200);
  EXPECT_EQ(read.response().status, 504);
  EXPECT_EQ(done.get_future().wait_for(testing::kTestDeadline / 2), std::future_status::ready);
}

TEST(ServerShutdown, NamesEachReaderAnotherMomentToComeBack) {
  constexpr int kReaders = 60;
  TestServer server;
  const std::string hello =
      client_frame(0x1, R"({"type":"hello","protocol":2,"view":{"projectId":"p1"}})");
  std::vector<RawClient> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(server.subscribe("/sync"));
    readers.back().send(hello);
    EXPECT_THAT(readers.back().message()->payload, HasSubstr(R"("type":"welcome")"));
  }
  RawClient source = server.client();
  source.send(server.request("GET", "/api/projects/p1/changes", "Accept: text/event-stream\r\n"));
  EXPECT_EQ(source.response().status, 200);
  server.on_loop([&] { server.server->shutdown(std::chrono::milliseconds(50), [] {}); });
  std::set<std::int64_t> delays;
  for (RawClient& reader : readers) {
    std::optional<RawFrame> bye;
    for (auto next = reader.message(); next && next->opcode == 1; next = reader.message()) {
      bye = next;
    }
    ASSERT_TRUE(bye);
    JsonDocument document;
    const auto message = document.parse(bye->payload);
    ASSERT_TRUE(message && message->find("retryAfterMs")) << bye->payload;
    delays.insert(*message->find("retryAfterMs")->as_int());
  }
  // 250 ms at least, then 1 ms for each: by chance alone they would never be so few.
  EXPECT_GE(*delays.begin(), 250);
  EXPECT_LE(*delays.rbegin(), 250 + kReaders + 1);
  EXPECT_GT(delays.size(), 10U);
  EXPECT_THAT(source.rest(), HasSubstr("retry: "));
}

TEST(ServerSync, TellsHowLongAMessageMayBe) {
  ServerConfig config = TestServer::default_config();
  config.frame_bytes_max = 2'000;
  TestServer server(config);
  RawClient reader = server.subscribe("/sync");
  reader.send(client_frame(0x1, R"({"type":"hello","protocol":2,"view":{"projectId":"p1"}})"));
  EXPECT_THAT(reader.message()->payload, HasSubstr(R"("messageBytes":2000)"));
  reader.send(client_frame(0x1, std::string(2'001, ' ')));
  EXPECT_EQ(reader.close_code(), 1009);
}

TEST(ServerShutdown, EndsWithTheGrace) {
  TestServer server;
  RawClient rude = server.subscribe();  // never answers the close
  ASSERT_TRUE(rude.message());
  std::promise<void> done;
  server.on_loop(
      [&] { server.server->shutdown(std::chrono::milliseconds(50), [&] { done.set_value(); }); });
  EXPECT_EQ(done.get_future().wait_for(testing::kTestDeadline), std::future_status::ready);
  EXPECT_EQ(rude.close_code(), 1001);
}

TEST(ServerShutdown, WithoutConnectionsIsImmediate) {
  TestServer server;
  std::promise<void> done;
  server.on_loop(
      [&] { server.server->shutdown(testing::kTestDeadline, [&] { done.set_value(); }); });
  EXPECT_EQ(done.get_future().wait_for(testing::kTestDeadline), std::future_status::ready);
}

}  // namespace
}  // namespace sb::transport
