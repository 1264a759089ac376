// What many subscribers of one view cost: one encoding.
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_server.h"
#include "ws_client_frames.h"

namespace sb::transport {
namespace {

using ::testing::HasSubstr;

constexpr int kReaders = 20;

/// The value of a metric without labels, as /metrics tells it; -1 when it is not there.
double metric(const TestServer& server, const std::string& name) {
  const std::string text = "\n" + server.ask("GET", "/metrics").body;
  const std::string line = "\nsnapboard_" + name + " ";
  const auto at = text.find(line);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
}

/// Messages encoded and messages handed over while `change` reached all of `readers`.
template <class Change>
std::pair<double, double> cost(TestServer& server, std::vector<RawClient>& readers,
                               const std::string& expected, const Change& change) {
  const double encoded = metric(server, "stream_messages_encoded_total");
  const double delivered = metric(server, "websocket_messages_total");
  change();
  for (RawClient& reader : readers) {
    const auto message = reader.message();
    EXPECT_TRUE(message);
    if (message) {
      EXPECT_THAT(message->payload, HasSubstr(expected));
    }
  }
  return {metric(server, "stream_messages_encoded_total") - encoded,
          metric(server, "websocket_messages_total") - delivered};
}

/// With many sends in one system call, and with one for each.
class ServerFanOut : public ::testing::TestWithParam<bool> {
 protected:
  static ServerConfig config() {
    ServerConfig config = TestServer::default_config();
    config.io_uring = GetParam();
    return config;
  }
  TestServer server{config()};
};

TEST_P(ServerFanOut, EncodesAChangeOnceForAllSubscribersOfAProject) {
  server.put("w1", "one");
  std::vector<RawClient> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(server.subscribe());
    ASSERT_TRUE(readers.back().message());
  }
  const auto change = [&] { server.put("w1", "two"); };
  EXPECT_EQ(cost(server, readers, R"("name":"two")", change), std::pair(1.0, double{kReaders}));
}

TEST_P(ServerFanOut, EncodesAPatchOnceForEachView) {
  server.put("w1", "one");
  std::vector<RawClient> readers;
  for (const char* shape : {"full", "sidebar"}) {
    const std::string hello = client_frame(
        0x1, std::string(R"({"type":"hello","protocol":2,"patch":true,"heartbeatMs":30000,)") +
                 R"("view":{"projectId":"p1","shape":")" + shape + R"("}})");
    for (int i = 0; i < kReaders; ++i) {
      readers.push_back(server.subscribe("/sync"));
      readers.back().send(hello);
      EXPECT_THAT(readers.back().message()->payload, HasSubstr(R"("type":"welcome")"));
      EXPECT_THAT(readers.back().message()->payload, HasSubstr(R"("complete":true)"));
    }
  }
  const auto change = [&] { server.put("w1", "two"); };
  EXPECT_EQ(cost(server, readers, R"("set":{"name":"two"})", change),
            std::pair(2.0, double{2 * kReaders}));
}

// More than a socket holds: the slow one gets the latest later, the others everything at once.
TEST_P(ServerFanOut, WhoeverDoesNotReadKeepsNobodyWaiting) {
  constexpr int kChanges = 200;
  constexpr std::size_t kNameBytes = 60'000;
  server.put("w1", "one");
  std::vector<RawClient> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(server.subscribe());
    ASSERT_TRUE(readers.back().message());
  }
  RawClient slow = server.subscribe();
  ASSERT_TRUE(slow.message());
  const auto name = [](int n) { return std::to_string(n) + std::string(kNameBytes, 'x'); };
  for (int n = 0; n < kChanges; ++n) {
    server.put("w1", name(n));
    for (RawClient& reader : readers) {
      const auto message = reader.message();
      ASSERT_TRUE(message);
      ASSERT_THAT(message->payload, HasSubstr(R"("name":")" + name(n)));
    }
  }
  const std::string last = R"("name":")" + name(kChanges - 1);
  int heard = 0;
  for (auto message = slow.message(); message; message = slow.message()) {
    ++heard;
    if (message->payload.find(last) != std::string::npos) break;
  }
  EXPECT_GT(heard, 0);
  EXPECT_LT(heard, kChanges);
}

INSTANTIATE_TEST_SUITE_P(Sends, ServerFanOut, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Joined" : "Single"; });

}  // namespace
}  // namespace sb::transport
