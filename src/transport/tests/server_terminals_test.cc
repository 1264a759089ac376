#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

#include "http_answers.h"
#include "test_server.h"

// PUT /api/terminals/{id} over real sockets.

namespace sb::transport {
namespace {

using ::testing::HasSubstr;

constexpr const char* kProcess = R"({"boot":"b","pid":7,"startTicks":70})";

class ServerTerminals : public ::testing::Test {
 protected:
  RawResponse put(const std::string& body, const std::string& id = "t1") {
    return RawClient::unix_path(path_).request("PUT /api/terminals/" + id +
                                               " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                                               std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  static std::string body(const std::string& members = "", const std::string& state = "busy") {
    return R"({"directory":"/repo/one","state":")" + state + R"(","process":)" + kProcess +
           members + "}";
  }
  ServerConfig config() {
    ServerConfig made = TestServer::default_config();
    made.socket_path = path_;
    return made;
  }
  testing::TempDir dir_;
  std::string path_ = (dir_ / "s.sock").string();
  TestServer server_{config()};
};

TEST_F(ServerTerminals, AReportArrivesAsItWasSent) {
  EXPECT_EQ(put(body(R"(,"title":"make","lastActivityAt":"2026-11-23T09:15:10.000Z","program":)"
                     R"({"state":"blocked","kind":"question","app":"claude-code",)"
                     R"("process":{"boot":"b","pid":8,"startTicks":80}})"))
                .status,
            204);
  server_.on_loop([&] {
    ASSERT_EQ(server_.terminals.reports.size(), 1U);
    const auto& report = server_.terminals.reports.front();
    EXPECT_EQ(report.id, "t1");
    EXPECT_EQ(report.directory, "/repo/one");
    EXPECT_EQ(report.state, model::TerminalState::busy);
    EXPECT_EQ(report.title, "make");
    EXPECT_EQ(report.last_activity_at, parse_iso("2026-11-23T09:15:10.000Z"));
    EXPECT_EQ(report.process, (ProcessIdentity{"b", 7, 70}));
    ASSERT_TRUE(report.program);
    EXPECT_EQ(report.program->state, "blocked");
    EXPECT_EQ(report.program->kind, "question");
    EXPECT_EQ(report.program->process.pid, 8);
  });
}

TEST_F(ServerTerminals, OverTheNetworkNothingIsTaken) {
  const RawResponse refused = server_.ask("PUT", "/api/terminals/t1", "", body());
  EXPECT_EQ(refused.status, 403);
  server_.on_loop([&] { EXPECT_TRUE(server_.terminals.reports.empty()); });
}

TEST_F(ServerTerminals, WhatIsWrongIsRefusedByItsPlace) {
  const std::string process = R"("process":{"boot":"","pid":7,"startTicks":70})";
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"{", "$"},
      {body("", "asleep"), "$.state"},
      {R"({"directory":"repo","state":"busy","process":)" + std::string(kProcess) + "}",
       "$.directory"},
      {R"({"directory":"/r","state":"busy"})", "$.process"},
      {R"({"directory":"/r","state":"busy",)" + process + "}", "$.process"},
      {body(R"(,"title":")" + std::string(201, 'x') + "\""), "$.title"},
      {body(R"(,"program":{"state":"idle"})"), "$.program.process"},
      {body(R"(,"program":{"state":"idle","app":")" + std::string(201, 'x') +
            R"(","process":{"boot":"b","pid":8,"startTicks":80}})"),
       "$.program.app"},
  };
  for (const auto& [text, place] : wrong) {
    const RawResponse refused = put(text);
    EXPECT_EQ(refused.status, 400) << text;
    if (place == "$") continue;
    EXPECT_THAT(refused.body, HasSubstr("\"path\":\"" + place + "\"")) << text;
  }
  EXPECT_EQ(put(body(), std::string(257, 'x')).status, 400);
  server_.on_loop([&] { EXPECT_TRUE(server_.terminals.reports.empty()); });
}

TEST_F(ServerTerminals, ARefusalOfTheDomainIsTheAnswer) {
  server_.on_loop(
      [&] { server_.terminals.answer = fail(ErrorCode::conflict, "this terminal was closed"); });
  const RawResponse refused = put(body());
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(code_of(refused), "conflict");
}

}  // namespace
}  // namespace sb::transport
