#include "legacy_reads.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/snapshot/derive.h"

namespace sb::transport {
namespace {

using model::Field;
using snapshot::EntryText;
using snapshot::PublishedEntry;
using snapshot::Store;

constexpr std::int64_t kLimitMax = 100;  // rows of listWithKanbanState, as it always was

struct Input {
  model::ProjectId projectId;
  std::optional<model::WorkspaceStatus> status;
  std::optional<model::KanbanColumn> kanbanColumn;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> offset;
};
BOOST_DESCRIBE_STRUCT(Input, (), (projectId, status, kanbanColumn, limit, offset))
static_assert(all_members_described<Input>());

// Members an entry has under the same name, in the order they are answered.
constexpr std::array kSummaryFields{Field::name,
                                    Field::createdAt,
                                    Field::branchName,
                                    Field::prUrl,
                                    Field::prNumber,
                                    Field::prState,
                                    Field::prCiStatus,
                                    Field::isWorking,
                                    Field::gitStats,
                                    Field::lastActivityAt,
                                    Field::ratchetEnabled,
                                    Field::ratchetState,
                                    Field::sidebarStatus,
                                    Field::ratchetButtonAnimated,
                                    Field::flowPhase,
                                    Field::ciObservation,
                                    Field::runScriptStatus,
                                    Field::pendingRequestType,
                                    Field::statusReason};
constexpr std::array kRowFields{Field::projectId,
                                Field::name,
                                Field::status,
                                Field::createdAt,
                                Field::branchName,
                                Field::mode,
                                Field::autoIterationStatus,
                                Field::prUrl,
                                Field::prNumber,
                                Field::prState,
                                Field::prCiStatus,
                                Field::ratchetEnabled,
                                Field::ratchetState,
                                Field::runScriptStatus,
                                Field::sessionSummaries,
                                Field::pendingRequestType,
                                Field::gitStats,
                                Field::lastActivityAt,
                                Field::isWorking,
                                Field::kanbanColumn,
                                Field::sidebarStatus,
                                Field::ratchetButtonAnimated,
                                Field::flowPhase,
                                Field::ciObservation,
                                Field::statusReason};
constexpr std::string_view kUnknownMembers =
    R"("autoIterationConfig":null,"autoIterationProgress":null,"githubIssueNumber":null,)"
    R"("githubIssueUrl":null,"linearIssueId":null,"linearIssueIdentifier":null,)"
    R"("linearIssueUrl":null,"creationSource":null)";

/// `value` of the `"field":value` an entry holds.
std::string_view value_of(const EntryText& text, Field field) {
  return text.member(field).substr(model::field_name(field).size() +
                                   std::string_view("\"\":").size());
}

/// Every workspace that is not archived, newest first, those on their way there included.
std::vector<PublishedEntry> workspaces(const Store& store, const model::ProjectId& project) {
  std::vector<PublishedEntry> entries = store.entries(project);
  for (const auto& id : store.ids(project)) {
    auto entry = store.entry(id);
    if (entry && entry->status == model::WorkspaceStatus::ARCHIVING) {
      entries.push_back(*std::move(entry));
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    return store.facts(a.id)->createdAt > store.facts(b.id)->createdAt;
  });
  return entries;
}

/// The list under construction, and where its dates are.
class Rows {
 public:
  /// `before` what the list stands in: "workspaces.", or nothing.
  Rows(TrpcData& data, std::string before) : data_(data), before_(std::move(before)) {
    data_.json += '[';
  }
  void begin(const EntryText& text) {
    data_.json.append(count_ == 0 ? "{\"id\":" : ",{\"id\":").append(text.id());
  }
  void fields(const EntryText& text, std::span<const Field> fields) {
    for (const Field field : fields) data_.json.append(1, ',').append(text.member(field));
    if (value_of(text, Field::createdAt).size() > 2) note_date("createdAt");
  }
  void members(std::string_view json) { data_.json.append(1, ',').append(json); }
  void note_date(std::string_view name) {
    data_.dates.push_back(before_ + std::to_string(count_) + "." + std::string(name));
  }
  void end() {
    data_.json += '}';
    ++count_;
  }
  void close() { data_.json += ']'; }

 private:
  TrpcData& data_;
  std::string before_;
  std::size_t count_ = 0;
};

void close_with_review_count(TrpcData& data, const Store& store) {
  data.json += ",\"reviewCount\":";
  append_json_int(data.json, store.review_count().value_or(0));
  data.json += '}';
}

TrpcData project_summary_state(const Store& store, const Input& input) {
  TrpcData data{"{\"workspaces\":", {}};
  Rows rows(data, "workspaces.");
  for (const auto& entry : workspaces(store, input.projectId)) {
    rows.begin(*entry.text);
    rows.fields(*entry.text, kSummaryFields);
    rows.members("\"cachedKanbanColumn\":");
    data.json += value_of(*entry.text, Field::kanbanColumn);
    rows.members("\"stateComputedAt\":");
    append_json(data.json, entry.text->computed_at());
    rows.note_date("stateComputedAt");
    rows.end();
  }
  rows.close();
  close_with_review_count(data, store);
  return data;
}

void append_row(Rows& rows, TrpcData& data, const Store& store, const PublishedEntry& entry) {
  rows.begin(*entry.text);
  rows.fields(*entry.text, kRowFields);
  rows.members("\"initErrorMessage\":");
  const auto& problem = store.facts(entry.id)->problem;
  if (entry.status == model::WorkspaceStatus::FAILED && problem) {
    append_json_string(data.json, problem->message);
  } else {
    data.json += "null";
  }
  rows.members(kUnknownMembers);
}

TrpcData list_for_project(const Store& store, const Input& input) {
  TrpcData data{"{\"workspaces\":", {}};
  Rows rows(data, "workspaces.");
  for (const auto& entry : store.entries(input.projectId)) {
    append_row(rows, data, store, entry);
    rows.end();
  }
  rows.close();
  close_with_review_count(data, store);
  return data;
}

TrpcData list_with_kanban_state(const Store& store, const Input& input) {
  TrpcData data;
  Rows rows(data, "");
  std::int64_t skip = input.offset.value_or(0);
  std::int64_t left = input.limit.value_or(std::numeric_limits<std::int64_t>::max());
  for (const auto& entry : store.entries(input.projectId)) {
    const auto column = snapshot::kanban_column(entry.status_reason);
    if (!column || (input.kanbanColumn && column != input.kanbanColumn) ||
        (input.status && entry.status != *input.status)) {
      continue;
    }
    if (skip-- > 0) continue;
    if (left-- == 0) break;
    append_row(rows, data, store, entry);
    rows.members("\"isArchived\":false");
    rows.end();
  }
  rows.close();
  return data;
}

struct Procedure {
  std::string_view name;
  TrpcData (*answer)(const Store&, const Input&);
};
constexpr std::array kProcedures{
    Procedure{"workspace.getProjectSummaryState", project_summary_state},
    Procedure{"workspace.listWithKanbanState", list_with_kanban_state},
    Procedure{"workspace.listForProject", list_for_project},
};

Result<Input> read_input(const TrpcCall& call) {
  if (!call.input) return fail(ErrorCode::invalid_argument, "the input is missing");
  SB_TRY(Input input, from_json<Input>(*call.input, "$"));
  if (input.limit && (*input.limit < 1 || *input.limit > kLimitMax)) {
    return fail(ErrorCode::invalid_argument, "not from 1 to " + std::to_string(kLimitMax),
                "$.limit");
  }
  if (input.offset && *input.offset < 0) {
    return fail(ErrorCode::invalid_argument, "below 0", "$.offset");
  }
  return input;
}

}  // namespace

Result<TrpcData> legacy_read(const Store& store, const TrpcCall& call) {
  const auto* procedure =
      std::find_if(kProcedures.begin(), kProcedures.end(),
                   [&](const Procedure& one) { return one.name == call.procedure; });
  if (procedure == kProcedures.end()) {
    return fail(ErrorCode::not_found, "No procedure found on path \"" + call.procedure + "\"");
  }
  SB_TRY(const Input input, read_input(call));
  if (store.project(input.projectId) == nullptr) {
    return fail(ErrorCode::not_found, "There is no such project.", "$.projectId");
  }
  return procedure->answer(store, input);
}

}  // namespace sb::transport
