#include "sb/session/agents.h"

#include <string>

#include <gtest/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/testing/temp_dir.h"

// The documented payloads of every agent, as files in fixtures/.

namespace sb::session {
namespace {

std::string event_fixture(const std::string& name) {
  return testing::read_file(std::string(SB_SOURCE_DIR) + "/src/domains/session/tests/fixtures/" +
                            name + ".json");
}

std::vector<AgentEvent> read(std::string_view agent, const std::string& text) {
  JsonDocument document;
  const auto json = document.parse(text);
  EXPECT_TRUE(json);
  const Agent* found = find_agent(agent);
  EXPECT_NE(found, nullptr);
  auto events = found->read(*json);
  EXPECT_TRUE(events) << (events ? "" : events.error().message);
  return events ? *std::move(events) : std::vector<AgentEvent>();
}

AgentEvent read_one(std::string_view agent, const std::string& text) {
  auto events = read(agent, text);
  EXPECT_EQ(events.size(), 1U) << text;
  return events.empty() ? AgentEvent() : std::move(events.front());
}

struct Expected {
  const char* agent;
  const char* fixture;
  EdgeKind kind;
  model::PendingRequestType type = model::PendingRequestType::permission_request;
};

TEST(Agents, EveryDocumentedPayloadIsUnderstood) {
  using model::PendingRequestType;
  for (const Expected& expected : {
           Expected{"claude", "claude-session-start", EdgeKind::started},
           Expected{"claude", "claude-session-start-after-clear", EdgeKind::started},
           Expected{"claude", "claude-user-prompt-submit", EdgeKind::working},
           Expected{"claude", "claude-pre-tool-use", EdgeKind::tool_begun},
           Expected{"claude", "claude-post-tool-use", EdgeKind::tool_ended},
           Expected{"claude", "claude-permission-request", EdgeKind::asks},
           Expected{"claude", "claude-permission-request-plan", EdgeKind::asks,
                    PendingRequestType::plan_approval},
           Expected{"claude", "claude-permission-request-question", EdgeKind::asks,
                    PendingRequestType::user_question},
           Expected{"claude", "claude-notification", EdgeKind::may_ask},
           Expected{"claude", "claude-stop", EdgeKind::turn_ended},
           Expected{"claude", "claude-stop-failure", EdgeKind::turn_failed},
           Expected{"claude", "claude-session-end", EdgeKind::ended},
           Expected{"codex", "codex-notify", EdgeKind::turn_ended},
           Expected{"codex", "codex-hook-permission-request", EdgeKind::asks},
           Expected{"codex", "codex-hook-interrupt", EdgeKind::turn_ended},
           Expected{"codex", "codex-hook-post-model-request-failed", EdgeKind::call_failed},
           Expected{"codex", "codex-thread-status-changed", EdgeKind::asks},
           Expected{"gemini", "gemini-notification", EdgeKind::asks},
           Expected{"opencode", "opencode-session-status", EdgeKind::busy},
           Expected{"opencode", "opencode-permission-asked", EdgeKind::asks},
           Expected{"opencode", "opencode-question-asked", EdgeKind::asks,
                    PendingRequestType::user_question},
           Expected{"opencode", "opencode-session-error", EdgeKind::turn_ended},
           Expected{"cursor", "cursor-stop", EdgeKind::turn_ended},
           Expected{"acp", "acp-request-permission", EdgeKind::asks},
           Expected{"acp", "acp-session-update", EdgeKind::tool_ended},
       }) {
    const auto event = read_one(expected.agent, event_fixture(expected.fixture));
    EXPECT_EQ(event.edge.kind, expected.kind) << expected.fixture;
    EXPECT_EQ(event.edge.request_type, expected.type) << expected.fixture;
    EXPECT_FALSE(event.session.empty()) << expected.fixture;
    EXPECT_TRUE(event.edge.actor.empty()) << expected.fixture;
  }
}

TEST(Agents, ClaudeTellsWhereItWorksAndWithWhat) {
  const auto event = read_one("claude-code", event_fixture("claude-session-start"));
  EXPECT_EQ(event.session, "5b0a3f0e-8f4d-4c5e-9a53-0f0f6c2a1d11");
  EXPECT_EQ(event.directory, "/home/dev/app-wt/auth");
  EXPECT_EQ(event.model, "claude-opus-5-5");
  EXPECT_TRUE(read_one("claude", event_fixture("claude-session-end")).directory.empty())
      << "at its end it stands where it began, not where it worked";
}

TEST(Agents, ARequestAndTheToolItIsAboutHaveTheSameKey) {
  const auto begun = read_one("claude", event_fixture("claude-pre-tool-use"));
  const auto asked = read_one("claude", event_fixture("claude-permission-request"));
  const auto ended = read_one("claude", event_fixture("claude-post-tool-use"));
  EXPECT_EQ(begun.edge.tool_key, asked.edge.tool_key);
  EXPECT_EQ(ended.edge.tool_key, asked.edge.tool_key);
  EXPECT_EQ(begun.edge.tool_use, "toolu_01AAAA");
  const auto plan = read_one("claude", event_fixture("claude-permission-request-plan"));
  EXPECT_NE(plan.edge.tool_key, asked.edge.tool_key);
}

std::string claude_hook(const std::string& members) {
  return R"({"session_id":"s","cwd":"/w","hook_event_name":)" + members + "}";
}

TEST(Agents, ClaudeSubAgentsAreTheirOwnActors) {
  EXPECT_EQ(read_one("claude", claude_hook(R"("PreToolUse","agent_id":"a1","tool_name":"Bash")"))
                .edge.actor,
            "a1");
  EXPECT_EQ(
      read_one("claude", claude_hook(R"("StopFailure","agent_id":"a1","error":"x")")).edge.actor,
      "a1");
}

TEST(Agents, ClaudeHandsItsProcessOverOnClear) {
  EXPECT_EQ(read_one("claude", claude_hook(R"("SessionEnd","reason":"clear")")).edge.kind,
            EdgeKind::handed_over);
  EXPECT_EQ(read_one("claude", claude_hook(R"("SessionEnd","reason":"other")")).edge.kind,
            EdgeKind::ended);
}

TEST(Agents, ClaudeCompactsWithoutStartingAnew) {
  EXPECT_EQ(read_one("claude", claude_hook(R"("SessionStart","source":"compact")")).edge.kind,
            EdgeKind::sign_of_life);
  EXPECT_EQ(read_one("claude", claude_hook(R"("PostCompact","trigger":"manual")")).edge.kind,
            EdgeKind::turn_ended);
  EXPECT_EQ(read_one("claude", claude_hook(R"("PostCompact","trigger":"auto")")).edge.kind,
            EdgeKind::working);
}

TEST(Agents, AnUnknownEventIsASignOfLifeAndNothingMore) {
  EXPECT_EQ(read_one("claude", claude_hook(R"("EventOfNextYear","x":[1])")).edge.kind,
            EdgeKind::sign_of_life);
  EXPECT_TRUE(read("opencode", R"({"type":"event.of.next.year","properties":{}})").empty());
}

TEST(Agents, HooksWithoutASessionAreRefused) {
  for (const Agent& agent : agents()) {
    for (const char* text : {"[]", "null", "3", "{}", R"({"session_id":7})"}) {
      JsonDocument document;
      const auto json = document.parse(text);
      ASSERT_TRUE(json);
      EXPECT_FALSE(agent.read(*json)) << agent.name << text;
    }
  }
}

TEST(Agents, GeminiToolsThatAskAndPlansAreToldApart) {
  const auto confirmation = [](const std::string& type) {
    return read_one("gemini", R"({"session_id":"s","cwd":"/w","hook_event_name":"Notification",)"
                              R"("notification_type":"ToolPermission","details":{"type":")" +
                                  type + R"("}})")
        .edge.request_type;
  };
  EXPECT_EQ(confirmation("ask_user"), model::PendingRequestType::user_question);
  EXPECT_EQ(confirmation("exit_plan_mode"), model::PendingRequestType::plan_approval);
  EXPECT_EQ(confirmation("next_year"), model::PendingRequestType::permission_request);
}

TEST(Agents, OpenCodeSubSessionsAreIgnored) {
  EXPECT_TRUE(read("opencode", R"({"type":"session.created","properties":{"info":)"
                               R"({"id":"ses_2","parentID":"ses_1","directory":"/w"}}})")
                  .empty());
  const auto created = read_one("opencode", R"({"type":"session.created","properties":{"info":)"
                                            R"({"id":"ses_1","directory":"/w","title":"T"}}})");
  EXPECT_EQ(created.directory, "/w");
  EXPECT_EQ(created.name, "T");
}

TEST(Agents, AnAcpRequestEndsWithTheToolItIsAbout) {
  const auto asked = read_one("acp", event_fixture("acp-request-permission"));
  const auto ended = read_one("acp", event_fixture("acp-session-update"));
  EXPECT_EQ(asked.session, ended.session);
  EXPECT_EQ(asked.edge.request_id, "call_3");
  EXPECT_EQ(asked.edge.tool_use, ended.edge.tool_use);
}

TEST(Agents, AcpPlansQuestionsTurnsAndStatesAreToldApart) {
  using model::PendingRequestType;
  const auto kind = [](const std::string& text) { return read_one("acp", text).edge.kind; };
  const auto plan = read_one("acp", R"({"id":1,"method":"session/request_permission",
    "params":{"sessionId":"s","toolCall":{"toolCallId":"c","kind":"switch_mode"}}})");
  EXPECT_EQ(plan.edge.request_type, PendingRequestType::plan_approval);
  const auto question = read_one(
      "acp", R"({"id":7,"method":"elicitation/create","cwd":"/w","params":{"sessionId":"s"}})");
  EXPECT_EQ(question.edge.request_type, PendingRequestType::user_question);
  EXPECT_EQ(question.edge.request_id, "7");
  EXPECT_EQ(question.directory, "/w");
  EXPECT_EQ(kind(R"({"id":2,"method":"session/prompt","params":{"sessionId":"s"}})"),
            EdgeKind::working);
  EXPECT_EQ(kind(R"({"id":2,"sessionId":"s","result":{"stopReason":"end_turn"}})"),
            EdgeKind::turn_ended);
  EXPECT_EQ(kind(R"({"method":"session/update","params":{"sessionId":"s",
    "update":{"sessionUpdate":"state_update","state":"running"}}})"),
            EdgeKind::busy);
  EXPECT_EQ(kind(R"({"method":"word/of_next_year","params":{"sessionId":"s"}})"),
            EdgeKind::sign_of_life);
}

TEST(Agents, CursorSaysWhetherATurnFailed) {
  EXPECT_EQ(read_one("cursor", R"({"conversation_id":"c","hook_event_name":"stop",)"
                               R"("workspace_roots":["/w"],"status":"error"})")
                .edge.kind,
            EdgeKind::turn_failed);
  EXPECT_EQ(read_one("cursor", event_fixture("cursor-stop")).directory, "/home/dev/app-wt/ui");
}

}  // namespace
}  // namespace sb::session
