#include <array>
#include <utility>

#include "hook_json.h"

// Gemini CLI's hooks (0.61). It tells neither interrupts nor approvals and has no level.

namespace sb::session {
namespace {

constexpr std::array kRows{
    HookRow{"SessionStart", EdgeKind::started},   HookRow{"BeforeAgent", EdgeKind::working},
    HookRow{"BeforeModel", EdgeKind::tool_begun}, HookRow{"BeforeTool", EdgeKind::tool_begun},
    HookRow{"AfterTool", EdgeKind::tool_ended},   HookRow{"AfterAgent", EdgeKind::turn_ended},
    HookRow{"SessionEnd", EdgeKind::ended},       HookRow{"PreCompress", EdgeKind::working},
};

void read_confirmation(const JsonValue& json, Edge& edge) {
  if (text_of(json, "notification_type") != "ToolPermission") return;
  edge.kind = EdgeKind::asks;
  const auto details = json.find("details");
  const std::string type = details ? text_of(*details, "type") : std::string();
  if (type == "ask_user") edge.request_type = model::PendingRequestType::user_question;
  if (type == "exit_plan_mode") edge.request_type = model::PendingRequestType::plan_approval;
}

}  // namespace

Result<std::vector<AgentEvent>> read_gemini_hook(const JsonValue& json) {
  SB_TRY(AgentEvent event, begin_event(json, "session_id", "cwd"));
  const std::string name = text_of(json, "hook_event_name");
  if (name.empty()) return fail(ErrorCode::invalid_argument, "no event", "$.hook_event_name");
  Edge& edge = event.edge;
  edge.kind = kind_of(kRows, name);
  edge.opening = Opening::idle;
  if (name == "BeforeTool" || name == "AfterTool") read_tool(json, edge);
  // Its requests carry no tool, so the end of any tool settles the one question it can ask.
  if (name == "AfterTool") edge.kind = EdgeKind::tool_begun;
  if (name == "Notification") read_confirmation(json, edge);
  if (name == "SessionEnd" && text_of(json, "reason") == "clear") {
    edge.kind = EdgeKind::handed_over;
  }
  return just(std::move(event));
}

}  // namespace sb::session
