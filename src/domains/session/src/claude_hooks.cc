#include <array>
#include <utility>

#include "hook_json.h"

// Claude Code's hooks (2.1): the documented events of its main thread and of its sub-agents.

namespace sb::session {
namespace {

constexpr std::array kRows{
    HookRow{"SessionStart", EdgeKind::started},
    HookRow{"UserPromptSubmit", EdgeKind::working},
    HookRow{"PreToolUse", EdgeKind::tool_begun},
    HookRow{"PostToolUse", EdgeKind::tool_ended},
    HookRow{"PostToolUseFailure", EdgeKind::tool_ended},
    HookRow{"PermissionDenied", EdgeKind::tool_ended},
    HookRow{"PermissionRequest", EdgeKind::asks},
    HookRow{"Elicitation", EdgeKind::asks},
    HookRow{"ElicitationResult", EdgeKind::answered},
    HookRow{"Notification", EdgeKind::sign_of_life},
    HookRow{"Stop", EdgeKind::turn_ended},
    HookRow{"StopFailure", EdgeKind::turn_failed},
    HookRow{"SubagentStop", EdgeKind::turn_ended},
    HookRow{"PreCompact", EdgeKind::working},
    HookRow{"PostCompact", EdgeKind::working},
    HookRow{"SessionEnd", EdgeKind::ended},
};

void read_notification(const JsonValue& json, Edge& edge) {
  const std::string type = text_of(json, "notification_type");
  if (type == "idle_prompt") edge.kind = EdgeKind::turn_ended;
  if (type == "elicitation_dialog" || type == "elicitation_url_dialog") {
    edge.kind = EdgeKind::may_ask;
    edge.request_type = model::PendingRequestType::user_question;
  }
  if (type == "permission_prompt") {
    edge.kind = EdgeKind::may_ask;
    const bool plan = text_of(json, "message").find("approval for the plan") != std::string::npos;
    edge.request_type = plan ? model::PendingRequestType::plan_approval
                             : model::PendingRequestType::permission_request;
  }
}

void refine(const JsonValue& json, std::string_view name, Edge& edge) {
  switch (edge.kind) {
    case EdgeKind::started:
      // The same session in the same process: compacted, nothing begins.
      if (text_of(json, "source") == "compact") edge.kind = EdgeKind::sign_of_life;
      if (text_of(json, "source") == "clear") edge.opening = Opening::idle;
      return;
    case EdgeKind::ended: {
      const std::string reason = text_of(json, "reason");
      if (reason == "clear" || reason == "resume") edge.kind = EdgeKind::handed_over;
      return;
    }
    case EdgeKind::tool_begun:
    case EdgeKind::tool_ended:
      return read_tool(json, edge);
    case EdgeKind::asks:
      if (name != "Elicitation") return read_tool(json, edge);
      edge.request_type = model::PendingRequestType::user_question;
      edge.request_id = text_of(json, "elicitation_id");
      return;
    case EdgeKind::answered:
      edge.request_id = text_of(json, "elicitation_id");
      return;
    case EdgeKind::turn_failed:
      edge.error = short_text_of(json, "error").value_or("unknown");
      return;
    case EdgeKind::working:
      // Compaction by hand ends where it began: at the prompt.
      if (name == "PostCompact" && text_of(json, "trigger") == "manual") {
        edge.kind = EdgeKind::turn_ended;
      }
      return;
    default:
      if (name == "Notification") read_notification(json, edge);
      return;
  }
}

}  // namespace

Result<std::vector<AgentEvent>> read_claude_hook(const JsonValue& json) {
  SB_TRY(AgentEvent event, begin_event(json, "session_id", "cwd"));
  const std::string name = text_of(json, "hook_event_name");
  if (name.empty()) return fail(ErrorCode::invalid_argument, "no event", "$.hook_event_name");
  event.edge.kind = kind_of(kRows, name);
  event.edge.actor = text_of(json, "agent_id");
  refine(json, name, event.edge);
  const bool of_helper = name == "SubagentStop" && event.edge.actor.empty();  // compaction's
  if (of_helper) event.edge.kind = EdgeKind::sign_of_life;
  event.name = short_text_of(json, "session_title");
  // At the end the agent is back where it began, which says nothing of where it worked.
  if (name == "SessionEnd") event.directory.clear();
  return just(std::move(event));
}

}  // namespace sb::session
