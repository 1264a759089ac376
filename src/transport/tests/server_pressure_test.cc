// Many peers, slow peers and dead peers: each costs what the limits allow, and those who behave
// notice nothing.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_answers.h"
#include "test_server.h"
#include "ws_client_frames.h"

namespace sb::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kHello =
    client_frame(0x1, R"({"type":"hello","protocol":2,"view":{"projectId":"p1"}})");

/// Sends `head`, then a byte whenever the server keeps quiet for a moment, until it answers.
RawResponse drip(RawClient& client, const std::string& head) {
  client.send(head);
  while (!client.has_something(std::chrono::milliseconds(5))) client.send("x");
  return client.response();
}

TEST(ServerPressure, SlowRequestsAreNotWaitedForHoweverTheyDrip) {
  ServerConfig config = TestServer::default_config();
  config.header_timeout = std::chrono::milliseconds(100);
  TestServer server(config);
  for (const std::string& head :
       {std::string("GET /healthz HTTP/1.1\r\nX-Slow: "),
        server.request("POST", "/api/events", kSingle + "Content-Length: 100000\r\n"),
        server.request("POST", "/api/events",
                       kSingle + "Transfer-Encoding: chunked\r\n\r\nffff\r\n")}) {
    RawResponse answer;
    const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
    while (answer.status == 0) {  // nothing: its first byte was too late already
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      RawClient slow = server.client();
      answer = drip(slow, head);
    }
    EXPECT_EQ(answer.status, 408) << head;
    EXPECT_EQ(code_of(answer), "timeout");
  }
}

TEST(ServerPressure, SilentConnectionsFillNoMoreThanTheirLimit) {
  constexpr std::size_t kLimit = 40;
  ServerConfig config = TestServer::default_config();
  config.connections_max = kLimit;
  config.header_timeout = 2 * testing::kTestDeadline;
  TestServer server(config);
  server.put("w1", "0");
  RawClient reader = server.subscribe();
  ASSERT_TRUE(reader.message());
  std::vector<RawClient> silent;
  for (std::size_t i = 0; i < 5 * kLimit; ++i) {
    silent.push_back(server.client());
    silent.back().send("GET /");  // never goes on
  }
  for (int i = 1; i <= 20; ++i) {
    const std::string name = "n" + std::to_string(i);
    server.put("w1", name);
    EXPECT_THAT(reader.message()->payload, HasSubstr(name));
  }
  // The latest came above every limit and were closed unheard.
  EXPECT_TRUE(silent.back().ends());
  silent.clear();
  // Room comes back as soon as they are gone.
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  while (server.ask("GET", "/healthz").status != 200) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

/// Reads on until a message holds `text`; false when the connection ended before.
bool hear(RawClient& client, std::string_view text) {
  for (;;) {
    const auto message = client.message();
    if (!message || message->payload.find(text) != std::string::npos) return message.has_value();
  }
}

/// Descriptors this process may have open; raises the soft limit first.
std::size_t descriptors_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

TEST(ServerPressure, ThousandsOfIdleConnectionsAllHearAChange) {
  constexpr std::size_t kSpare = 200;  // descriptors for everything else
  constexpr std::size_t kWanted = 2'000;
  // Both ends of each live in this process.
  const std::size_t count = std::min(kWanted, (descriptors_max() - kSpare) / 2);
  ASSERT_GE(count, 100U);
  ServerConfig config = TestServer::default_config();
  config.connections_per_origin_max = kWanted;
  config.header_timeout = 2 * testing::kTestDeadline;
  config.ping_interval = 2 * testing::kTestDeadline;
  TestServer server(config);
  server.put("w1", "before");
  // All at once, and nobody answers a ping: the accept queue takes them, a turn some of them.
  const std::string sync = server.page_upgrade("/sync") + kHello;
  const std::string plain = server.page_upgrade("/snapshots?projectId=p1");
  std::vector<RawClient> idle;
  idle.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    idle.push_back(server.client());
    idle.back().send(i % 2 == 0 ? sync : plain);
  }
  for (RawClient& client : idle) {
    ASSERT_EQ(client.response().status, 101);
    ASSERT_TRUE(hear(client, R"("name":"before")"));
  }
  server.put("w1", "after");
  for (RawClient& client : idle) EXPECT_TRUE(hear(client, R"("name":"after")"));
}

TEST(ServerPressure, AFloodOfUpgradesDoesNotStarveASubscriber) {
  constexpr int kFlooders = 2;
  constexpr int kRounds = 100;            // changes the subscriber must hear
  constexpr std::size_t kUpgrades = 500;  // upgrades that must have been served meanwhile
  TestServer server;
  server.put("w1", "0");
  RawClient reader = server.subscribe();
  ASSERT_TRUE(reader.message());
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> served{0};
  std::atomic<std::size_t> refused{0};
  std::vector<std::thread> flooders;
  for (int i = 0; i < kFlooders; ++i) {
    flooders.emplace_back([&] {
      for (std::size_t turn = 0; !stop; ++turn) {
        RawClient client = server.client();
        // By turns a reader with a baseline, one without a token, and one of another site.
        const std::string text = turn % 3 == 0 ? server.page_upgrade("/snapshots?projectId=p1")
                                 : turn % 3 == 1
                                     ? server.upgrade("/sync", "Authorization: Bearer no\r\n")
                                     : server.upgrade("/sync", "Origin: https://evil.example\r\n");
        const int status = client.request(text).status;
        ++(status == 101 ? served : refused);
      }
    });
  }
  int round = 0;
  while (round < kRounds || served < kUpgrades) {
    const std::string name = "n" + std::to_string(++round) + ".";
    server.put("w1", name);
    const auto message = reader.message();
    if (!message || message->payload.find(name) == std::string::npos) break;
  }
  stop = true;
  for (std::thread& flooder : flooders) flooder.join();
  EXPECT_GE(round, kRounds);
  EXPECT_GE(served, kUpgrades);
  EXPECT_GT(refused, 0U);
}

// Peers that are gone without a word: their pings go unanswered.
TEST(ServerPressure, HalfOpenPeersAreFoundByPings) {
  ServerConfig config = TestServer::default_config();
  config.ping_interval = std::chrono::milliseconds(20);
  TestServer server(config);
  server.put("w1", "one");
  std::vector<RawClient> dead;
  for (int i = 0; i < 20; ++i) {
    dead.push_back(server.subscribe(i % 2 == 0 ? "/sync" : "/snapshots?projectId=p1"));
  }
  const auto all_gone = [&] {
    return server.ask("GET", "/metrics").body.find("websocket_connections 0\n") !=
           std::string::npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  while (!all_gone()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  for (RawClient& client : dead) {
    while (client.frame()) {
    }
  }
}

/// What a hostile client sends, and the close code of RFC 6455 it gets; 0: it is served on.
struct Hostile {
  const char* what;
  std::string bytes;
  int code;
};

std::vector<Hostile> hostile_frames() {
  const std::string begun = client_frame(0x1, "ab", {.fin = false});
  const std::string euro = "\xE2\x82\xAC";
  std::string fragments;
  for (int i = 0; i < 70; ++i) {
    fragments += client_frame(i == 0 ? 0x1 : 0x0, std::string(1'000, 'x'), {.fin = false});
  }
  return {
      {"an unmasked frame", client_frame(0x1, "x", {.masked = false}), 1002},
      {"an unmasked ping", client_frame(0x9, "", {.masked = false}), 1002},
      {"an unmasked close", client_frame(0x8, "", {.masked = false}), 1002},
      {"the compression bit", client_frame(0x41, "x"), 1002},
      {"the second reserved bit", client_frame(0x21, "x"), 1002},
      {"the third reserved bit", client_frame(0x19, "x"), 1002},
      {"a reserved bit on a close", client_frame(0x48, ""), 1002},
      {"a reserved opcode", client_frame(0x7, "x"), 1002},
      {"a reserved control opcode", client_frame(0xF, "x"), 1002},
      {"a continuation of nothing", client_frame(0x0, "x"), 1002},
      {"a message inside a message", begun + client_frame(0x1, "x"), 1002},
      {"a ping in fragments", client_frame(0x9, "x", {.fin = false}), 1002},
      {"a pong in fragments", begun + client_frame(0xA, "x", {.fin = false}), 1002},
      {"a close in fragments", client_frame(0x8, close_payload(1000), {.fin = false}), 1002},
      {"a ping of 126 bytes", client_frame(0x9, std::string(126, 'x')), 1002},
      {"a length too long for itself", std::string("\x81\xfe\x00\x05\x01\x02\x03\x04", 8), 1002},
      {"a close of one byte", client_frame(0x8, "x"), 1002},
      {"a close with 1006", client_frame(0x8, close_payload(1006)), 1002},
      {"a close whose reason is no text", client_frame(0x8, close_payload(1000, "\xFF")), 1007},
      {"a text that is none", client_frame(0x1, "\xC0\xAF"), 1007},
      {"half a character at the end", client_frame(0x1, euro.substr(0, 2)), 1007},
      {"half a character, then another one",
       client_frame(0x1, euro.substr(0, 1), {.fin = false}) + client_frame(0x0, "x"), 1007},
      {"a bad byte before the message is whole", client_frame(0x1, "\xFF", {.fin = false}), 1007},
      {"a surrogate", client_frame(0x1, "\xED\xA0\x80"), 1007},
      {"a frame above the limit", client_frame(0x2, std::string((64U << 10U) + 1, 'x')), 1009},
      {"a length of 2^63 - 1",
       std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14), 1009},
      {"fragments above the limit", fragments, 1009},
  };
}

// What follows a broken frame is never acted upon, and nobody else notices.
TEST(ServerPressure, S_86_HostileFramesEndTheirOwnConnectionWithTheCodeOfTheRfc) {
  TestServer server;
  server.put("w1", "one");
  RawClient witness = server.subscribe();
  ASSERT_TRUE(witness.message());
  for (const char* target : {"/snapshots?projectId=p1", "/sync"}) {
    for (const Hostile& hostile : hostile_frames()) {
      for (const bool bytewise : {false, true}) {
        if (bytewise && hostile.bytes.size() > 1'000) continue;
        SCOPED_TRACE(std::string(hostile.what) + " on " + target);
        RawClient client = server.subscribe(target);
        if (bytewise) {
          for (const char byte : hostile.bytes) client.send(std::string(1, byte));
        } else {
          client.send(hostile.bytes + client_frame(0x9, "later") + kHello);
        }
        int pongs = 0;
        int welcomes = 0;
        int code = 0;
        while (const auto frame = client.frame()) {
          if (frame->opcode == 0xA) ++pongs;
          if (frame->payload.find("welcome") != std::string::npos) ++welcomes;
          if (frame->opcode == 0x8) code = frame->close_code();
        }
        EXPECT_EQ(code, hostile.code);
        EXPECT_EQ(pongs + welcomes, 0);
      }
    }
  }
  server.put("w1", "two");
  EXPECT_THAT(witness.message()->payload, HasSubstr("two"));
}

// Odd, but allowed: it must be understood.
TEST(ServerPressure, AHelloInFragmentsBetweenControlFramesIsTaken) {
  TestServer server;
  model::ProjectInfo project;
  project.id = model::ProjectId("p€");
  project.name = "two";
  server.on_loop([&] { EXPECT_TRUE(server.store.put_project(project)); });
  const std::string hello = R"({"type":"hello","protocol":2,"view":{"projectId":"p€"}})";
  for (std::size_t piece = 1; piece < 8; ++piece) {
    std::string bytes;
    for (std::size_t at = 0; at < hello.size(); at += piece) {
      bytes += client_frame(at == 0 ? 0x1 : 0x0, hello.substr(at, piece),
                            {.fin = at + piece >= hello.size()});
      bytes += client_frame(at % 2 == 0 ? 0x9 : 0xA, "between");
    }
    RawClient client = server.subscribe("/sync");
    for (std::size_t at = 0; at < bytes.size(); at += 7) client.send(bytes.substr(at, 7));
    std::optional<RawFrame> frame = client.frame();
    while (frame && frame->opcode == 0xA) frame = client.frame();
    ASSERT_TRUE(frame);
    EXPECT_THAT(frame->payload, StartsWith(R"({"type":"welcome")")) << piece;
  }
}

}  // namespace
}  // namespace sb::transport
