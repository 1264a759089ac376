#include "sb/model/event.h"

#include <array>
#include <charconv>
#include <tuple>
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

Result<void> check_count(std::int64_t count, const JsonPath& path) {
  if (count >= 0) return {};
  return fail(ErrorCode::invalid_argument, "must not be negative", path.text());
}

Result<void> check_port(std::optional<std::int64_t> port, const JsonPath& path) {
  constexpr std::int64_t kPortMax = 65'535;
  if (!port || (*port >= 1 && *port <= kPortMax)) return {};
  return fail(ErrorCode::invalid_argument, "must be a port, 1 to 65535", path.text());
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

// One overload per event type that says more than its types can: identifiers obey the same limit
// as those around them, and numbers are what they count (contract, section 3).
struct Check {
  Result<void> operator()(const WorkspaceStateChanged& e) const {
    return check_project_id(e.projectId);
  }
  Result<void> operator()(const SourceSynced& e) const { return check_project_id(e.projectId); }
  Result<void> operator()(const SessionChanged& e) const {
    return check_id(e.session.sessionId, "$.data.sessionId");
  }
  Result<void> operator()(const SessionRemoved& e) const {
    return check_id(e.sessionId, "$.data.sessionId");
  }
  Result<void> operator()(const SessionActivityChanged& e) const {
    return check_id(e.sessionId, "$.data.sessionId");
  }
  Result<void> operator()(const TerminalChanged& e) const {
    return check_id(e.terminalId, "$.data.terminalId");
  }
  Result<void> operator()(const GithubPrSnapshotUpdated& e) const {
    return check_count(e.prNumber.value_or(0), "$.data.prNumber");
  }
  Result<void> operator()(const RatchetDispatchChanged& e) const {
    return check_count(e.ratchetDispatchRetryCount, "$.data.ratchetDispatchRetryCount");
  }
  Result<void> operator()(const RunScriptStatusChanged& e) const {
    return check_port(e.port.value_or(std::nullopt), "$.data.port");
  }
  Result<void> operator()(const SnapshotFacts& e) const {
    const auto& [present, facts] = std::tie(e.facts.present, e.facts.values);
    if (present.contains(Field::projectId)) SB_TRY_VOID(check_project_id(facts.projectId));
    // What is not present holds its default, which passes.
    SB_TRY_VOID(check_count(facts.prNumber.value_or(0), "$.data.prNumber"));
    SB_TRY_VOID(check_count(facts.ratchetDispatchRetryCount, "$.data.ratchetDispatchRetryCount"));
    SB_TRY_VOID(check_port(facts.runScriptPort, "$.data.runScriptPort"));
    SB_TRY_VOID(check_count(facts.ahead.value_or(0), "$.data.ahead"));
    SB_TRY_VOID(check_count(facts.behind.value_or(0), "$.data.behind"));
    if (facts.gitStats) SB_TRY_VOID(check_git_stats(*facts.gitStats));
    SB_TRY_VOID(
        check_ids<&SessionSummary::sessionId>(e.facts.sessions, "sessionSummaries", "sessionId"));
    SB_TRY_VOID(
        check_ids<&PendingRequest::sessionId>(e.facts.pending, "pendingRequests", "sessionId"));
    SB_TRY_VOID(
        check_ids<&PendingRequest::requestId>(e.facts.pending, "pendingRequests", "requestId"));
    return check_ids<&Terminal::id>(e.facts.terminals, "terminals", "id");
  }
  template <class T>
  Result<void> operator()(const T&) const {
    return {};
  }

 private:
  static Result<void> check_git_stats(const GitStats& stats) {
    const JsonPath data = "$.data.gitStats";
    SB_TRY_VOID(check_count(stats.total, data.member("total")));
    SB_TRY_VOID(check_count(stats.additions, data.member("additions")));
    SB_TRY_VOID(check_count(stats.deletions, data.member("deletions")));
    SB_TRY_VOID(check_count(stats.untrackedFiles, data.member("untrackedFiles")));
    return check_count(stats.untrackedAdditions, data.member("untrackedAdditions"));
  }
  template <auto Member, class T>
  static Result<void> check_ids(const ElementsPatch<T>& list, std::string_view field,
                                std::string_view member) {
    const JsonPath data = "$.data";
    const JsonPath path = data.member(field);
    for (std::size_t i = 0; i < list.upserts.size(); ++i) {
      const JsonPath element = path.element(i);
      SB_TRY_VOID(check_id(list.upserts[i].*Member, element.member(member)));
    }
    return {};
  }
};

Result<void> check_data(const EventData& data) {
  return std::visit(Check{}, data);
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
  return check_data(into.data);
}

}  // namespace sb::model
