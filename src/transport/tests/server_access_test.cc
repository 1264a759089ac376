#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

#include "http_answers.h"
#include "test_server.h"

namespace sb::transport {
namespace {

using ::testing::StartsWith;

TEST(ServerAccess, RefusesForeignHostsAndForwarders) {
  TestServer server;
  RawClient client = server.client();
  EXPECT_EQ(client.request("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 403);
  EXPECT_EQ(server.ask("GET", "/api/projects", "X-Forwarded-For: 10.0.0.5\r\n").status, 403);
  for (const char* text : {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                           "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "nonsense\r\n\r\n"}) {
    RawClient bad = server.client();
    EXPECT_EQ(bad.request(text).status, 400) << text;
    EXPECT_TRUE(bad.ends()) << text;
  }
  EXPECT_EQ(server.ask("GET", "/healthz").status, 200);  // alive
}

TEST(ServerAccess, NeedsNoTokenOnTheUnixSocket) {
  const testing::TempDir dir;
  ServerConfig config = TestServer::default_config();
  config.socket_path = (dir / "s.sock").string();
  std::string path = config.socket_path;
  {
    TestServer server(config);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    RawClient client = RawClient::unix_path(path);
    EXPECT_EQ(client.request("GET /api/projects HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
    EXPECT_EQ(client
                  .request("GET /api/projects HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example"
                           "\r\n\r\n")
                  .status,
              403);
    RawClient socket = RawClient::unix_path(path);
    EXPECT_EQ(socket.request(server.upgrade("/snapshot?projectId=p1", "")).status, 101);
    EXPECT_THAT(socket.message()->payload, StartsWith(R"({"type":"snapshot_full")"));

    // A second server must not take a live socket over.
    SystemClock clock;
    Metrics metrics;
    EventLoop loop;
    snapshot::Store store("e", {});
    FakeSinks sinks;
    Server second(loop, config, {store, sinks, sinks, sinks, metrics, clock, Logger()});
    const auto refused = second.listen();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_EQ(RawClient::unix_path(path).request("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").status,
              200);
  }
  struct stat status{};
  EXPECT_NE(::stat(path.c_str(), &status), 0);  // removed with the server
}

TEST(ServerAccess, ReplacesAStaleSocketButNoOtherFile) {
  const testing::TempDir dir;
  ServerConfig config = TestServer::default_config();
  config.socket_path = (dir / "s.sock").string();
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, config.socket_path.c_str(), config.socket_path.size() + 1);
    const void* raw = &address;
    ASSERT_EQ(::bind(fd, static_cast<const sockaddr*>(raw), sizeof(address)), 0);
    ::close(fd);  // the file stays
  }
  {
    const TestServer server(config);
    EXPECT_EQ(RawClient::unix_path(config.socket_path)
                  .request("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                  .status,
              200);
  }
  testing::write_file(dir / "s.sock", "precious");
  EXPECT_THROW(TestServer{config}, std::runtime_error);
  EXPECT_EQ(testing::read_file(dir / "s.sock"), "precious");
}

TEST(ServerListen, TakesTheNextFreePort) {
  const TestServer first;
  ServerConfig config = TestServer::default_config();
  config.port = first.port;
  const TestServer second(config);
  EXPECT_NE(second.port, first.port);
  config.port_attempts = 1;
  EXPECT_THROW(TestServer{config}, std::runtime_error);
}

TEST(ServerListen, RefusesUnsafeSettings) {
  SystemClock clock;
  Metrics metrics;
  EventLoop loop;
  snapshot::Store store("e", {});
  FakeSinks sinks;
  const auto error = [&](const ServerConfig& config) {
    Server server(loop, config, {store, sinks, sinks, sinks, metrics, clock, Logger()});
    const auto result = server.listen();
    return result ? "listens" : std::string(to_text(result.error().code));
  };
  ServerConfig config = TestServer::default_config();
  config.auth = AuthMode::none;
  config.host = "0.0.0.0";
  EXPECT_EQ(error(config), "invalid_argument");
  config.host = "127.0.0.1";
  EXPECT_EQ(error(config), "listens");
  config.auth = AuthMode::token;
  config.token.clear();
  EXPECT_EQ(error(config), "invalid_argument");
  config = TestServer::default_config();
  config.host = "example.org";
  EXPECT_EQ(error(config), "invalid_argument");
  config.host = "127.0.0.1";
  config.socket_path = std::string(200, 'x');
  EXPECT_EQ(error(config), "invalid_argument");
}

TEST(ServerConnections, LiveAsTheClientAsks) {
  TestServer server;
  RawClient kept = server.client();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(kept.request(server.request("GET", "/healthz")).status, 200);
  EXPECT_EQ(kept.request(server.request("GET", "/healthz", "Connection: close\r\n")).status, 200);
  EXPECT_TRUE(kept.ends());
  const std::string host = "Host: localhost:" + std::to_string(server.port) + "\r\n";
  RawClient old = server.client();
  const RawResponse plain = old.request("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.headers.at("connection"), "close");
  EXPECT_TRUE(old.ends());
  RawClient old_kept = server.client();
  EXPECT_EQ(old_kept.request("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                .headers.at("connection"),
            "keep-alive");
  EXPECT_EQ(old_kept.request("GET /healthz HTTP/1.1\r\n" + host + "\r\n").status, 200);
}

TEST(ServerConnections, AnswerPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client = server.client();
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += server.request("GET", i % 2 == 0 ? "/healthz" : "/api/workspaces/none");
  }
  client.send(all);
  client.finish_sending();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.response().status, i % 2 == 0 ? 200 : 404) << i;
  EXPECT_TRUE(client.ends());
}

TEST(ServerConnections, TakeALargeAnswerInPieces) {
  TestServer server;
  server.on_loop([&] {
    for (int i = 0; i < 400; ++i) {
      server.put_now("w" + std::to_string(i), std::string(10'000, 'n'));
    }
  });
  RawClient client = server.client(8192);
  client.send(server.request("GET", "/api/projects/p1/snapshot") +
              server.request("GET", "/healthz"));
  EXPECT_EQ(server.ask("GET", "/healthz").status, 200);  // others are not held up
  const RawResponse snapshot = client.response();
  EXPECT_GT(snapshot.body.size(), 4'000'000U);
  EXPECT_EQ(snapshot.body.back(), '}');
  EXPECT_EQ(client.response().body, R"({"status":"ok"})");
}

TEST(ServerConnections, SayContinueWhenAsked) {
  TestServer server;
  RawClient client = server.client();
  const std::string body = event("a");
  const std::string head = server.request(
      "POST", "/api/events",
      kSingle + "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n");
  EXPECT_EQ(client.request(head).status, 100);
  EXPECT_EQ(client.request(body).status, 200);
  RawClient greedy = server.client();
  EXPECT_EQ(greedy
                .request(server.request("POST", "/api/events",
                                        kSingle + "Expect: 100-continue\r\n"
                                                  "Content-Length: 9999999\r\n"))
                .status,
            413);
}

TEST(ServerConnections, TimeOutOnASlowRequest) {
  ServerConfig config = TestServer::default_config();
  config.header_timeout = std::chrono::milliseconds(50);
  TestServer server(config);
  RawClient slow = server.client();
  slow.send("GET /healthz HTTP/1.1\r\nHost: loc");
  const RawResponse late = slow.response();
  EXPECT_EQ(late.status, 408);
  EXPECT_EQ(code_of(late), "timeout");
  EXPECT_TRUE(slow.ends());
  EXPECT_TRUE(server.client().ends());  // never said anything
}

TEST(ServerConnections, AreClosedAfterARest) {
  ServerConfig config = TestServer::default_config();
  config.keep_alive_timeout = std::chrono::milliseconds(50);
  TestServer server(config);
  RawClient idle = server.client();
  EXPECT_EQ(idle.request(server.request("GET", "/healthz")).status, 200);
  EXPECT_TRUE(idle.ends());
}

TEST(ServerConnections, AreLimited) {
  ServerConfig config = TestServer::default_config();
  config.connections_max = 2;
  TestServer server(config);
  RawClient first = server.client();
  EXPECT_EQ(first.request(server.request("GET", "/healthz")).status, 200);
  RawClient second = server.client();
  EXPECT_EQ(second.request(server.request("GET", "/healthz")).status, 200);
  RawClient third = server.client();
  const RawResponse refused = third.request(server.request("GET", "/healthz"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(code_of(refused), "limit_exceeded");
  EXPECT_TRUE(third.ends());
  EXPECT_EQ(first.request(server.request("GET", "/healthz")).status, 200);
}

TEST(ServerConnections, RefuseOversizedHeaders) {
  TestServer server;
  RawClient client = server.client();
  const RawResponse response = client.request(
      server.request("GET", "/healthz", "X-Big: " + std::string(9000, 'x') + "\r\n"));
  EXPECT_EQ(response.status, 431);
  EXPECT_EQ(code_of(response), "limit_exceeded");
}

}  // namespace
}  // namespace sb::transport
