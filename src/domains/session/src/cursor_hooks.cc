#include <array>
#include <utility>

#include "hook_json.h"

// Cursor's hooks. No event of it means "waits for approval", so it only works, idles and fails.

namespace sb::session {
namespace {

constexpr std::array kRows{
    HookRow{"sessionStart", EdgeKind::started},
    HookRow{"beforeSubmitPrompt", EdgeKind::working},
    HookRow{"preToolUse", EdgeKind::working},
    HookRow{"postToolUse", EdgeKind::working},
    HookRow{"postToolUseFailure", EdgeKind::working},
    HookRow{"beforeShellExecution", EdgeKind::working},
    HookRow{"afterShellExecution", EdgeKind::working},
    HookRow{"beforeMCPExecution", EdgeKind::working},
    HookRow{"afterMCPExecution", EdgeKind::working},
    HookRow{"beforeReadFile", EdgeKind::working},
    HookRow{"afterFileEdit", EdgeKind::working},
    HookRow{"preCompact", EdgeKind::working},
    HookRow{"stop", EdgeKind::turn_ended},
    HookRow{"sessionEnd", EdgeKind::ended},
};

}  // namespace

Result<std::vector<AgentEvent>> read_cursor_hook(const JsonValue& json) {
  SB_TRY(AgentEvent event, begin_event(json, "conversation_id", ""));
  const std::string name = text_of(json, "hook_event_name");
  if (name.empty()) return fail(ErrorCode::invalid_argument, "no event", "$.hook_event_name");
  event.edge.kind = kind_of(kRows, name);
  event.edge.opening = Opening::idle;
  if (name == "stop" && text_of(json, "status") == "error") {
    event.edge.kind = EdgeKind::turn_failed;
    event.edge.error = "the turn ended with an error";
  }
  if (const auto roots = json.find("workspace_roots")) {
    roots->each_element([&](std::size_t index, const JsonValue& root) {
      if (index == 0) event.directory = std::string(root.as_string().value_or(""));
    });
  }
  return just(std::move(event));
}

}  // namespace sb::session
