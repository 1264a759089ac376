#include <array>
#include <utility>

#include "hook_json.h"

// Codex (0.169): its hooks, whose shape is Claude's, the legacy notify program, whose JSON has
// dashes in its names, and what its daemon tells every client of the status of a thread.

namespace sb::session {
namespace {

constexpr std::array kRows{
    HookRow{"SessionStart", EdgeKind::started},
    HookRow{"UserPromptSubmit", EdgeKind::working},
    HookRow{"PreModelRequest", EdgeKind::tool_begun},  // settles a question, is no tool itself
    HookRow{"PreToolUse", EdgeKind::tool_begun},
    HookRow{"PostToolUse", EdgeKind::tool_ended},
    HookRow{"PreCompact", EdgeKind::working},
    HookRow{"PermissionRequest", EdgeKind::asks},
    HookRow{"Stop", EdgeKind::turn_ended},
    HookRow{"Interrupt", EdgeKind::turn_ended},
    HookRow{"SubagentStop", EdgeKind::turn_ended},
    HookRow{"SessionEnd", EdgeKind::ended},
};

Result<std::vector<AgentEvent>> read_notify(const JsonValue& json) {
  // It comes at the end of a turn only.
  if (text_of(json, "type") != "agent-turn-complete") return std::vector<AgentEvent>();
  SB_TRY(AgentEvent event, begin_event(json, "thread-id", "cwd"));
  event.edge.kind = EdgeKind::turn_ended;
  return just(std::move(event));
}

Result<std::vector<AgentEvent>> read_news(const JsonValue& json) {
  const auto parameters = json.find("params");
  const auto status = parameters ? parameters->find("status") : std::nullopt;
  if (text_of(json, "method") != "thread/status/changed" || !status) {
    return std::vector<AgentEvent>();
  }
  SB_TRY(AgentEvent event, begin_event(*parameters, "threadId", "cwd"));
  const std::string type = text_of(*status, "type");
  if (type == "active") event.edge.kind = EdgeKind::working;
  if (type == "idle" || type == "systemError") event.edge.kind = EdgeKind::turn_ended;
  if (const auto flags = status->find("activeFlags")) {
    flags->each_element([&](std::size_t, JsonValue flag) {
      if (flag.as_string() == "waitingOnUserInput") {
        event.edge.request_type = model::PendingRequestType::user_question;
      }
      event.edge.kind = EdgeKind::asks;
    });
  }
  return just(std::move(event));
}

}  // namespace

Result<std::vector<AgentEvent>> read_codex_hook(const JsonValue& json) {
  if (json.find("method")) return read_news(json);
  const std::string name = text_of(json, "hook_event_name");
  if (name.empty() && json.find("type")) return read_notify(json);
  SB_TRY(AgentEvent event, begin_event(json, "session_id", "cwd"));
  if (name.empty()) return fail(ErrorCode::invalid_argument, "no event", "$.hook_event_name");
  Edge& edge = event.edge;
  edge.kind = kind_of(kRows, name);
  edge.actor = text_of(json, "agent_id");
  if (edge.kind == EdgeKind::started) edge.opening = Opening::working;  // told at the first prompt
  if (json.find("tool_name")) read_tool(json, edge);
  if (name == "PostModelRequest" && text_of(json, "status") == "failed") {
    edge.kind = EdgeKind::call_failed;
    edge.error = short_text_of(json, "error").value_or("the call to the model failed");
  }
  if (name == "SubagentStop" && edge.actor.empty()) edge.kind = EdgeKind::sign_of_life;
  return just(std::move(event));
}

}  // namespace sb::session
