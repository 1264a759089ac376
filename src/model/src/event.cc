#include "sb/model/event.h"

#include <charconv>
#include <utility>

#include "sb/model/fact_codec.h"

namespace sb::model {
namespace {

Result<void> check_id(std::string_view id, const JsonPath& path) {
  if (id.empty()) return fail(ErrorCode::invalid_argument, "must not be empty", path.text());
  if (id.size() > kIdBytesMax) {
    return fail(ErrorCode::invalid_argument, "longer than 256 bytes", path.text());
  }
  return {};
}

Result<std::string> read_id(const JsonValue& event, std::string_view name) {
  const JsonPath root = "$";
  const JsonPath path = root.member(name);
  const auto member = event.find(name);
  if (!member) return json_missing_error(path);
  SB_TRY(auto text, from_json<std::string>(*member, path));
  SB_TRY_VOID(check_id(text, path));
  return text;
}

// An unsigned 64-bit decimal, as a string (or, leniently, a whole JSON number).
Result<std::optional<std::uint64_t>> read_sequence(const JsonValue& event) {
  const auto member = event.find("sequence");
  if (!member || member->is_null()) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  if (const auto text = member->as_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (!text->empty() && error == std::errc() && end == text->data() + text->size()) {
      return std::optional(value);
    }
  } else if (const auto number = member->as_int(); number && *number >= 0) {
    return std::optional(static_cast<std::uint64_t>(*number));
  }
  return fail(ErrorCode::invalid_argument, "expected an unsigned 64-bit decimal in a string",
              "$.sequence");
}

Result<SessionPendingRequestChanged> read_pending_request(const JsonValue& data) {
  SessionPendingRequestChanged event;
  const auto member = [&](std::string_view name) -> Result<JsonValue> {
    const auto found = data.find(name);
    if (!found) return json_missing_error("$.data." + std::string(name));
    return *found;
  };
  SB_TRY(const auto session, member("sessionId"));
  SB_TRY(event.sessionId, from_json<std::string>(session, "$.data.sessionId"));
  SB_TRY(const auto request, member("requestId"));
  SB_TRY(event.requestId, from_json<std::string>(request, "$.data.requestId"));
  SB_TRY(const auto pending, member("pending"));
  SB_TRY(event.pending, from_json<bool>(pending, "$.data.pending"));
  SB_TRY_VOID(check_id(event.sessionId, "$.data.sessionId"));
  SB_TRY_VOID(check_id(event.requestId, "$.data.requestId"));
  std::string tool_name;
  if (const auto tool = data.find("toolName"); tool && !tool->is_null()) {
    SB_TRY(tool_name, from_json<std::string>(*tool, "$.data.toolName"));
  }
  event.type = classify_pending_request(tool_name, data.find("input"));
  return event;
}

template <class T>
Result<EventData> read_described(const JsonValue& data) {
  SB_TRY(auto event, from_json<T>(data, "$.data"));
  return EventData(std::move(event));
}

Result<EventData> read_data(std::size_t type, const JsonValue& data) {
  EventData result;
  std::optional<Error> error;
  boost::mp11::mp_with_index<std::variant_size_v<EventData>>(type, [&](auto index) {
    using T = std::variant_alternative_t<index, EventData>;
    Result<EventData> read;
    if constexpr (std::is_same_v<T, WorkspaceRemoved>) {
      read = EventData(WorkspaceRemoved{});
    } else if constexpr (std::is_same_v<T, SessionChanged>) {
      auto session = from_json<SessionSummary>(data, "$.data");
      read = session ? Result<EventData>(SessionChanged{*std::move(session)})
                     : Result<EventData>(std::move(session).error());
    } else if constexpr (std::is_same_v<T, SessionPendingRequestChanged>) {
      auto request = read_pending_request(data);
      read = request ? Result<EventData>(*std::move(request))
                     : Result<EventData>(std::move(request).error());
    } else if constexpr (std::is_same_v<T, SnapshotFacts>) {
      auto patch = parse_fact_patch(data, "$.data");
      read = patch ? Result<EventData>(SnapshotFacts{*std::move(patch)})
                   : Result<EventData>(std::move(patch).error());
    } else {
      read = read_described<T>(data);
    }
    if (read) {
      result = *std::move(read);
    } else {
      error = std::move(read).error();
    }
  });
  if (error) return *std::move(error);
  return result;
}

// Identifiers inside the data obey the same limit as those around it.
Result<void> check_data_ids(const EventData& data) {
  if (const auto* event = std::get_if<WorkspaceStateChanged>(&data)) {
    return check_id(event->projectId.view(), "$.data.projectId");
  }
  if (const auto* event = std::get_if<SourceSynced>(&data)) {
    return check_id(event->projectId.view(), "$.data.projectId");
  }
  if (const auto* event = std::get_if<SessionChanged>(&data)) {
    return check_id(event->session.sessionId, "$.data.sessionId");
  }
  if (const auto* event = std::get_if<SessionRemoved>(&data)) {
    return check_id(event->sessionId, "$.data.sessionId");
  }
  if (const auto* event = std::get_if<SessionActivityChanged>(&data)) {
    return check_id(event->sessionId, "$.data.sessionId");
  }
  if (const auto* event = std::get_if<TerminalChanged>(&data)) {
    return check_id(event->terminalId, "$.data.terminalId");
  }
  if (const auto* event = std::get_if<SnapshotFacts>(&data)) {
    const FactPatch& facts = event->facts;
    if (facts.present.contains(Field::projectId)) {
      return check_id(facts.values.projectId.view(), "$.data.projectId");
    }
  }
  return {};
}

std::optional<std::size_t> type_index(std::string_view text) {
  for (std::size_t i = 0; i < kEventTypes.size(); ++i) {
    if (kEventTypes[i] == text) return i;
  }
  return std::nullopt;
}

}  // namespace

PendingRequestType classify_pending_request(std::string_view tool_name,
                                            std::optional<JsonValue> input) {
  const auto input_type = input ? input->find("type") : std::nullopt;
  const auto input_type_text = input_type ? input_type->as_string() : std::nullopt;
  if (tool_name == "ExitPlanMode" || input_type_text == "ExitPlanMode") {
    return PendingRequestType::plan_approval;
  }
  const auto questions = input ? input->find("questions") : std::nullopt;
  if (tool_name == "AskUserQuestion" ||
      (questions && questions->kind() == JsonValue::Kind::array)) {
    return PendingRequestType::user_question;
  }
  return PendingRequestType::permission_request;
}

Result<ExternalEvent> parse_event(const JsonValue& value) {
  if (value.kind() != JsonValue::Kind::object) return json_type_error("an object", value, "$");
  const auto version = value.find("specversion");
  if (!version) return json_missing_error("$.specversion");
  if (version->as_string() != "1.0") {
    return fail(ErrorCode::invalid_argument, "expected CloudEvents \"1.0\"", "$.specversion");
  }
  ExternalEvent event;
  SB_TRY(event.id, read_id(value, "id"));
  SB_TRY(event.source, read_id(value, "source"));
  SB_TRY(const std::string type_text, read_id(value, "type"));
  const auto type = type_index(type_text);
  if (!type) {
    return fail(ErrorCode::invalid_argument, "unknown event type \"" + type_text + "\"", "$.type");
  }
  SB_TRY(event.sequence, read_sequence(value));
  if (const auto epoch = value.find("sourceepoch"); epoch && !epoch->is_null()) {
    SB_TRY(event.source_epoch, read_id(value, "sourceepoch"));
  }
  const bool has_subject = kEventTypes[*type] != "source.synced";
  if (has_subject) {
    SB_TRY(auto subject, read_id(value, "subject"));
    event.workspace = WorkspaceId(std::move(subject));
  }
  const auto data = value.find("data");
  const bool needs_data = kEventTypes[*type] != "workspace.removed";
  if (needs_data && !data) return json_missing_error("$.data");
  SB_TRY(event.data, read_data(*type, data ? *data : value));
  SB_TRY_VOID(check_data_ids(event.data));
  return event;
}

}  // namespace sb::model
