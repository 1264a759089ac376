// What a reader hears last: everything it is shown to know, then why it ends, and nothing after.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

#include "test_server.h"
#include "ws_client_frames.h"

namespace sb::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kHelloPatches =
    client_frame(0x1, R"({"type":"hello","protocol":2,"patch":true,"view":{"projectId":"p1"}})");

/// The value of one of our counters.
std::size_t counter(const TestServer& server, std::string_view name) {
  const std::string text = server.ask("GET", "/metrics").body;
  const std::size_t at = text.find(std::string("\nsnapboard_").append(name).append(" "));
  if (at == std::string::npos) throw std::runtime_error("no such counter");
  return std::stoul(text.substr(text.find(' ', at)));
}

/// What a reader of `/sync` knows: it stops at the close frame.
struct Reader {
  void hear_all(RawClient& client) {
    for (auto frame = client.message(); frame; frame = client.message()) {
      if (frame->opcode == 8) {
        code = frame->close_code();
        after_close = client.rest();
        return;
      }
      JsonDocument document;
      const auto message = document.parse(frame->payload);
      ASSERT_TRUE(message);
      last = frame->payload;
      if (const auto found = message->find("cursor")) cursor = *found->as_string();
      const auto ops = message->find("ops");
      if (!ops) continue;
      ops->each_element([&](std::size_t, const JsonValue& op) {
        for (const char* const form : {"entry", "set"}) {
          const auto values = op.find(form);
          const auto value = values ? values->find("name") : std::nullopt;
          if (value) name = *value->as_string();
        }
      });
    }
  }

  std::string name;
  std::string cursor;
  std::string last;
  int code = 0;
  std::string after_close;
};

// A socket of the file system takes a frame whole or not at all, so the batch waits unbegun.
TEST(ServerFarewell, GoesBehindABatchThatWasNotBegun) {
  constexpr std::size_t kNameBytes = 20'000;
  const testing::TempDir dir;
  ServerConfig config = TestServer::default_config();
  config.socket_path = (dir / "s.sock").string();
  const std::string path = config.socket_path;
  TestServer server(config);
  server.put("w1", "one");
  RawClient client = RawClient::unix_path(path);
  ASSERT_EQ(client.request(server.upgrade("/sync", "")).status, 101);
  client.send(kHelloPatches);
  EXPECT_THAT(client.message()->payload, StartsWith(R"({"type":"welcome")"));
  std::string name;
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  for (int n = 0;; ++n) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    const std::size_t messages = counter(server, "websocket_messages_total");
    const std::size_t bytes = counter(server, "websocket_bytes_total");
    name = std::to_string(n).append(kNameBytes, 'n');
    server.put("w1", name);
    if (counter(server, "websocket_messages_total") > messages &&
        counter(server, "websocket_bytes_total") == bytes) {
      break;
    }
  }
  server.on_loop([&] { server.put_project("p2", "two"); });
  server.put("other", "unseen", "p2");
  server.on_loop([&] { server.server->shutdown(testing::kTestDeadline, [] {}); });
  Reader reader;
  reader.hear_all(client);
  EXPECT_EQ(reader.name, name);  // whatever its cursor says, it shows
  EXPECT_THAT(reader.last, StartsWith(R"({"type":"bye","code":"restart")"));
  EXPECT_EQ(reader.code, 1001);
  EXPECT_EQ(reader.after_close, "");
}

TEST(ServerFarewell, SaysByeAlsoWhenSomethingUnseenMoved) {
  TestServer server;
  server.put("w1", "one");
  RawClient client = server.subscribe("/sync");
  client.send(kHelloPatches);
  RawClient source = server.client();
  source.send(server.request("GET", "/api/projects/p1/changes", "Accept: text/event-stream\r\n"));
  ASSERT_EQ(source.response().status, 200);
  for (auto message = client.message();; message = client.message()) {
    ASSERT_TRUE(message);
    if (message->payload.find(R"("name":"one")") != std::string::npos) break;
  }
  server.on_loop([&] { server.put_project("p2", "two"); });
  server.put("other", "unseen", "p2");
  server.on_loop([&] { server.server->shutdown(testing::kTestDeadline, [] {}); });
  Reader reader;
  reader.hear_all(client);
  EXPECT_THAT(reader.last, StartsWith(R"({"type":"bye","code":"restart")"));
  EXPECT_NE(reader.cursor, "");
  EXPECT_EQ(reader.code, 1001);
  const std::string words = source.rest();
  EXPECT_THAT(words, HasSubstr(R"({"type":"mark")"));
  EXPECT_THAT(words, HasSubstr(R"({"type":"bye","code":"restart")"));
}

}  // namespace
}  // namespace sb::transport
