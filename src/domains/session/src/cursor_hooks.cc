#include <array>
#include <utility>

#include "hook_json.h"

// Cursor's hooks. No event of it means "waits for approval", so it only works, idles and fails.

namespace sb::session {
namespace {

struct Row {
  std::string_view event;
  EdgeKind kind;
};
constexpr std::array kRows{
    Row{"sessionStart", EdgeKind::started},
    Row{"beforeSubmitPrompt", EdgeKind::working},
    Row{"preToolUse", EdgeKind::working},
    Row{"postToolUse", EdgeKind::working},
    Row{"postToolUseFailure", EdgeKind::working},
    Row{"beforeShellExecution", EdgeKind::working},
    Row{"afterShellExecution", EdgeKind::working},
    Row{"beforeMCPExecution", EdgeKind::working},
    Row{"afterMCPExecution", EdgeKind::working},
    Row{"beforeReadFile", EdgeKind::working},
    Row{"afterFileEdit", EdgeKind::working},
    Row{"preCompact", EdgeKind::working},
    Row{"stop", EdgeKind::turn_ended},
    Row{"sessionEnd", EdgeKind::ended},
};

}  // namespace

Result<std::vector<AgentEvent>> read_cursor_hook(const JsonValue& json) {
  SB_TRY(AgentEvent event, begin_event(json, "conversation_id", ""));
  const std::string name = text_of(json, "hook_event_name");
  if (name.empty()) return fail(ErrorCode::invalid_argument, "no event", "$.hook_event_name");
  for (const Row& row : kRows) {
    if (row.event == name) event.edge.kind = row.kind;
  }
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
