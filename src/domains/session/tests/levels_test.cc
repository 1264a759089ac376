#include <string>

#include <gtest/gtest.h>

#include "sb/session/level_source.h"
#include "sb/testing/temp_dir.h"

// The level sources of Codex and OpenCode: what their texts come to.

namespace sb::session {
namespace {

constexpr const char* kThread = "01a207af-f6a7-7303-bc89-adb288542110";

LevelStatus codex(const std::string& status, const std::string& thread = "t") {
  return CodexDaemon::parse(R"({"id":2,"result":{"thread":{"id":"t","status":)" + status + "}}}",
                            {thread, {}, ""})
      .status;
}

TEST(CodexDaemon, TheDocumentedAnswerIsUnderstood) {
  const auto text = testing::read_file(std::string(SB_SOURCE_DIR) +
                                       "/src/domains/session/tests/fixtures/"
                                       "codex-thread-read-result.json");
  const auto level = CodexDaemon::parse(text, {kThread, {}, ""});
  EXPECT_EQ(level.status, LevelStatus::waiting);
  EXPECT_EQ(level.request_type, model::PendingRequestType::permission_request);
}

TEST(CodexDaemon, KnowsItsWordsAndHasNoOpinionOnOthers) {
  EXPECT_EQ(codex(R"({"type":"idle"})"), LevelStatus::idle);
  EXPECT_EQ(codex(R"({"type":"active","activeFlags":[]})"), LevelStatus::busy);
  EXPECT_EQ(codex(R"({"type":"active","activeFlags":["waitingOnUserInput"]})"),
            LevelStatus::waiting);
  EXPECT_EQ(codex(R"({"type":"systemError"})"), LevelStatus::idle);
  EXPECT_EQ(codex(R"({"type":"notLoaded"})"), LevelStatus::gone);
  EXPECT_EQ(codex(R"({"type":"word of next year"})"), LevelStatus::gone);
  EXPECT_EQ(codex(R"({"type":"idle"})", "another"), LevelStatus::gone);
  EXPECT_EQ(CodexDaemon::parse(R"({"id":2,"error":{"code":-32600}})", {"t", {}, ""}).status,
            LevelStatus::gone);
}

TEST(CodexDaemon, WithoutADaemonThereIsNoOpinion) {
  const sb::testing::TempDir dir;
  EXPECT_EQ(CodexDaemon(dir.path().string()).read({"t", {}, ""}).status, LevelStatus::gone);
  EXPECT_EQ(CodexDaemon("").read({"t", {}, ""}).status, LevelStatus::gone);
}

TEST(OpencodeServer, AnAbsentSessionIsIdle) {
  constexpr const char* kBusy = R"({"s":{"type":"busy"},"r":{"type":"retry","attempt":2}})";
  EXPECT_EQ(OpencodeServer::parse_status(kBusy, "s"), LevelStatus::busy);
  EXPECT_EQ(OpencodeServer::parse_status(kBusy, "r"), LevelStatus::busy);
  EXPECT_EQ(OpencodeServer::parse_status(kBusy, "x"), LevelStatus::idle);
  EXPECT_EQ(OpencodeServer::parse_status("{}", "s"), LevelStatus::idle);
}

TEST(OpencodeServer, AnotherKindOfServerHasNoOpinion) {
  EXPECT_FALSE(OpencodeServer::parse_status("<html>", "s"));
  EXPECT_FALSE(OpencodeServer::parse_status("[]", "s"));
  EXPECT_FALSE(OpencodeServer::parse_status(R"({"error":"not found"})", "s"));
}

TEST(OpencodeServer, OnlyRequestsOfTheSessionCount) {
  constexpr const char* kOpen = R"([{"id":"per_1","sessionID":"s"}])";
  EXPECT_TRUE(OpencodeServer::asks(kOpen, "s"));
  EXPECT_FALSE(OpencodeServer::asks(kOpen, "t"));
  EXPECT_FALSE(OpencodeServer::asks("{}", "s"));
}

}  // namespace
}  // namespace sb::session
