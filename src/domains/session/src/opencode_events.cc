#include <utility>

#include "hook_json.h"

// OpenCode's events (1.18), as its plugin or its event stream tells them:
// {id, type, properties}. `session.status` stays busy while a question is open and is repeated.

namespace sb::session {
namespace {

std::string session_of(const JsonValue& properties) {
  std::string id = text_of(properties, "sessionID");
  if (!id.empty()) return id;
  const auto info = properties.find("info");
  return info ? text_of(*info, "id") : id;
}

/// False: an event we have no word for.
bool read_edge(std::string_view type, const JsonValue& properties, Edge& edge) {
  using model::PendingRequestType;
  if (type == "session.created") {
    edge.kind = EdgeKind::started;
    edge.opening = Opening::idle;
  } else if (type == "session.status") {
    const auto status = properties.find("status");
    const std::string word = status ? text_of(*status, "type") : std::string();
    if (word == "idle") {
      edge.kind = EdgeKind::turn_ended;
    } else if (word == "busy" || word == "retry") {
      edge.kind = EdgeKind::busy;
    }
  } else if (type == "session.idle") {
    edge.kind = EdgeKind::turn_ended;
  } else if (type == "permission.asked" || type == "question.asked") {
    edge.kind = EdgeKind::asks;
    edge.request_id = text_of(properties, "id");
    edge.request_type = type == "question.asked" ? PendingRequestType::user_question
                                                 : PendingRequestType::permission_request;
  } else if (type == "permission.replied" || type == "question.replied" ||
             type == "question.rejected") {
    edge.kind = EdgeKind::answered;
    for (const char* key : {"requestID", "permissionID", "id"}) {
      if (edge.request_id.empty()) edge.request_id = text_of(properties, key);
    }
  } else if (type == "session.error") {
    const auto error = properties.find("error");
    const std::string name = error ? text_of(*error, "name") : std::string();
    const auto data = error ? error->find("data") : std::nullopt;
    const auto message = data ? short_text_of(*data, "message") : std::nullopt;
    edge.kind = name == "MessageAbortedError" ? EdgeKind::turn_ended
                                              : EdgeKind::turn_failed;  // by the user
    edge.error = message.value_or(name.empty() ? "unknown" : name);
  } else if (type == "session.deleted") {
    edge.kind = EdgeKind::ended;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<std::vector<AgentEvent>> read_opencode_event(const JsonValue& json) {
  std::vector<AgentEvent> events;
  const auto properties = json.find("properties");
  const std::string type = text_of(json, "type");
  if (type.empty() || !properties) {
    return fail(ErrorCode::invalid_argument, "not an event of OpenCode", "$");
  }
  AgentEvent event;
  event.session = session_of(*properties);
  if (event.session.empty() || !read_edge(type, *properties, event.edge)) return events;
  event.directory = path_of(json, "directory");
  if (const auto info = properties->find("info")) {
    if (!text_of(*info, "parentID").empty()) return events;  // a sub-agent
    if (event.directory.empty()) event.directory = path_of(*info, "directory");
    event.name = short_text_of(*info, "title");
  }
  events.push_back(std::move(event));
  return events;
}

}  // namespace sb::session
