#include "sb/model/event.h"

#include <array>
#include <charconv>
#include <utility>

#include "sb/model/fact_codec.h"

namespace sb::model {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax;
}

Result<void> check_id(std::string_view id, const JsonPath& path) {
  if (is_id(id)) return {};
  if (id.empty()) return fail(ErrorCode::invalid_argument, "must not be empty", path.text());
  return fail(ErrorCode::invalid_argument, "longer than 256 bytes", path.text());
}

// "*" stands for every project in a read, so no project can have it.
Result<void> check_project_id(const ProjectId& id) {
  constexpr std::string_view kAllProjects = "*";
  constexpr const char* kPath = "$.data.projectId";
  if (id.view() == kAllProjects) {
    return fail(ErrorCode::invalid_argument,
                "must not be \"*\": it stands for all projects, which only reads ask for", kPath);
  }
  return check_id(id.view(), kPath);
}

// The attributes of a CloudEvent that mean something here, found in one walk.
class Envelope {
 public:
  enum class Attribute { specversion, id, source, type, subject, sequence, sourceepoch, data };
  using enum Attribute;

  explicit Envelope(const JsonValue& event) : found_(find_members<kNames>(event)) {}

  [[nodiscard]] const std::optional<JsonValue>& find(Attribute attribute) const {
    return found_[index(attribute)];
  }
  /// A required identifier. Lives as long as the document.
  [[nodiscard]] Result<std::string_view> read_id(Attribute attribute) const {
    const auto& member = find(attribute);
    const auto text = member ? member->as_string() : std::nullopt;
    if (text && is_id(*text)) return *text;
    const JsonPath root = "$";
    const JsonPath path = root.member(kNames[index(attribute)]);
    if (!member) return json_missing_error(path);
    if (!text) return json_type_error("a string", *member, path);
    return fail(check_id(*text, path).error());
  }
  /// An unsigned 64-bit decimal, as a string (or, leniently, a whole JSON number).
  [[nodiscard]] Result<std::optional<std::uint64_t>> read_sequence() const {
    const auto& member = find(sequence);
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

 private:
  static constexpr std::array<std::string_view, 8> kNames{
      "specversion", "id", "source", "type", "subject", "sequence", "sourceepoch", "data"};
  static std::size_t index(Attribute attribute) { return static_cast<std::size_t>(attribute); }

  std::array<std::optional<JsonValue>, kNames.size()> found_;
};

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
Result<void> read_alternative(T& into, const JsonValue& data) {
  if constexpr (std::is_same_v<T, WorkspaceRemoved>) {
    return {};
  } else if constexpr (std::is_same_v<T, SessionChanged>) {
    return read_json(into.session, data, "$.data");
  } else if constexpr (std::is_same_v<T, SessionPendingRequestChanged>) {
    SB_TRY(into, read_pending_request(data));
    return {};
  } else if constexpr (std::is_same_v<T, SnapshotFacts>) {
    SB_TRY(into.facts, parse_fact_patch(data, "$.data"));
    return {};
  } else {
    return read_json(into, data, "$.data");
  }
}

Result<void> read_data(EventData& into, std::size_t type, const JsonValue& data) {
  Result<void> read;
  boost::mp11::mp_with_index<std::variant_size_v<EventData>>(
      type, [&](auto index) { read = read_alternative(into.emplace<index>(), data); });
  return read;
}

// Identifiers inside the data obey the same limit as those around it.
Result<void> check_data_ids(const EventData& data) {
  if (const auto* event = std::get_if<WorkspaceStateChanged>(&data)) {
    return check_project_id(event->projectId);
  }
  if (const auto* event = std::get_if<SourceSynced>(&data)) {
    return check_project_id(event->projectId);
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
      return check_project_id(facts.values.projectId);
    }
  }
  return {};
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

Result<void> parse_event(const JsonValue& value, ExternalEvent& into) {
  if (value.kind() != JsonValue::Kind::object) return json_type_error("an object", value, "$");
  const Envelope envelope(value);
  const auto& version = envelope.find(Envelope::specversion);
  if (!version) return json_missing_error("$.specversion");
  if (version->as_string() != "1.0") {
    return fail(ErrorCode::invalid_argument, "expected CloudEvents \"1.0\"", "$.specversion");
  }
  SB_TRY(into.id, envelope.read_id(Envelope::id));
  SB_TRY(into.source, envelope.read_id(Envelope::source));
  SB_TRY(const std::string_view type_text, envelope.read_id(Envelope::type));
  const std::size_t type = index_of_name<kEventTypes>(type_text);
  if (type == kEventTypes.size()) {
    return fail(ErrorCode::invalid_argument,
                "unknown event type \"" + std::string(type_text) + "\"", "$.type");
  }
  SB_TRY(into.sequence, envelope.read_sequence());
  if (const auto& epoch = envelope.find(Envelope::sourceepoch); epoch && !epoch->is_null()) {
    SB_TRY(into.source_epoch, envelope.read_id(Envelope::sourceepoch));
  }
  const bool has_subject = kEventTypes[type] != "source.synced";
  if (has_subject) {
    SB_TRY(const std::string_view subject, envelope.read_id(Envelope::subject));
    into.workspace = WorkspaceId(std::string(subject));
  }
  const auto& data = envelope.find(Envelope::data);
  const bool needs_data = kEventTypes[type] != "workspace.removed";
  if (needs_data && !data) return json_missing_error("$.data");
  SB_TRY_VOID(read_data(into.data, type, data ? *data : value));
  return check_data_ids(into.data);
}

}  // namespace sb::model
