#include <string>
#include <utility>

#include "hook_json.h"

// Messages of the Agent Client Protocol (JSON-RPC 2.0; version 1, and state_update of the draft of
// version 2), handed on by whoever sits between an editor and its agent. An answer names no
// session, so whoever hands it on adds `sessionId` beside `result`; `cwd` may stand there too.

namespace sb::session {
namespace {

bool is_plan(const JsonValue& tool) {
  return text_of(tool, "kind") == "switch_mode" ||
         text_of(tool, "title").find("ExitPlanMode") != std::string::npos;
}

// The number or text by which a request is answered.
std::string id_of(const JsonValue& json) {
  const auto id = json.find("id");
  const auto number = id ? id->as_int() : std::nullopt;
  return number ? std::to_string(*number) : text_of(json, "id");
}

void read_update(const JsonValue& update, Edge& edge) {
  const std::string what = text_of(update, "sessionUpdate");
  edge.tool_use = text_of(update, "toolCallId");
  edge.request_id = edge.tool_use;
  if (what == "tool_call") {
    edge.kind = EdgeKind::tool_begun;
  } else if (what == "tool_call_update") {
    const std::string status = text_of(update, "status");
    if (status == "in_progress") edge.kind = EdgeKind::answered;
    if (status == "completed" || status == "failed") edge.kind = EdgeKind::tool_ended;
  } else if (what == "state_update") {
    const std::string state = text_of(update, "state");
    if (state == "running") edge.kind = EdgeKind::busy;
    if (state == "idle") edge.kind = EdgeKind::turn_ended;
  } else if (what == "agent_message_chunk" || what == "agent_thought_chunk" || what == "plan") {
    edge.kind = EdgeKind::busy;
  }
}

void read_method(std::string_view method, const JsonValue& json, const JsonValue& parameters,
                 Edge& edge) {
  using model::PendingRequestType;
  if (method == "session/prompt") {
    edge.kind = EdgeKind::working;
  } else if (method == "session/cancel") {
    edge.kind = EdgeKind::turn_ended;
  } else if (method == "session/close") {
    edge.kind = EdgeKind::handed_over;
  } else if (method == "session/load" || method == "session/resume") {
    edge.kind = EdgeKind::started;
    edge.opening = Opening::idle;
  } else if (method == "elicitation/create") {
    edge.kind = EdgeKind::asks;
    edge.request_type = PendingRequestType::user_question;
    edge.request_id = id_of(json);
  } else if (method == "session/request_permission") {
    edge.kind = EdgeKind::asks;
    if (const auto tool = parameters.find("toolCall")) {
      edge.tool_use = text_of(*tool, "toolCallId");
      if (is_plan(*tool)) edge.request_type = PendingRequestType::plan_approval;
    }
    edge.request_id = edge.tool_use.empty() ? id_of(json) : edge.tool_use;
  } else if (method == "session/update") {
    if (const auto update = parameters.find("update")) read_update(*update, edge);
  }
}

}  // namespace

Result<std::vector<AgentEvent>> read_acp_message(const JsonValue& json) {
  const auto parameters = json.find("params");
  const auto result = json.find("result");
  if (!parameters && !result) return fail(ErrorCode::invalid_argument, "no message of ACP", "$");
  SB_TRY(AgentEvent event, begin_event(parameters ? *parameters : json, "sessionId", "cwd"));
  if (event.directory.empty()) event.directory = path_of(json, "cwd");
  if (parameters) {
    read_method(text_of(json, "method"), json, *parameters, event.edge);
  } else if (!text_of(*result, "stopReason").empty()) {
    event.edge.kind = EdgeKind::turn_ended;  // the answer to the prompt
  }
  return just(std::move(event));
}

}  // namespace sb::session
