#include "sb/snapshot/view.h"

#include <array>
#include <cstddef>
#include <utility>

#include "sb/core/hash.h"
#include "sb/core/json_codec.h"
#include "sb/snapshot/cursor.h"
#include "sb/snapshot/derive.h"

namespace sb::snapshot {
namespace {

using model::Field;
using model::FieldSet;
using model::KanbanColumn;
using model::StatusReasonCode;
using model::WorkspaceStatus;

constexpr std::string_view kAllProjects = "*";
// Bumped when the shape of entries changes, so that a cursor of another shape is reset.
constexpr std::string_view kProjection = "view/1";

constexpr FieldSet kFilterable{Field::projectId, Field::status, Field::kanbanColumn,
                               Field::statusReason};
constexpr FieldSet kSidebar =
    kFilterable |
    FieldSet{Field::name,           Field::createdAt,     Field::branchName,
             Field::hasHadSessions, Field::isMain,        Field::prUrl,
             Field::prNumber,       Field::prState,       Field::prCiStatus,
             Field::isWorking,      Field::gitStats,      Field::lastActivityAt,
             Field::ratchetEnabled, Field::ratchetState,  Field::runScriptStatus,
             Field::runScriptPort,  Field::sidebarStatus, Field::ratchetButtonAnimated,
             Field::flowPhase,      Field::ciObservation, Field::pendingRequestType,
             Field::unknownFields,  Field::problem};
constexpr FieldSet kKanban =
    kSidebar |
    FieldSet{Field::mode,          Field::autoIterationStatus,    Field::hasMergeConflict,
             Field::prReviewState, Field::ratchetDispatchOutcome, Field::ratchetDispatchStalled,
             Field::operation};
constexpr FieldSet kList = kKanban | FieldSet{Field::sessionSummaries, Field::pendingRequests,
                                              Field::worktreePath, Field::ahead, Field::behind};
constexpr FieldSet kFull = [] {
  FieldSet all;
  for (std::size_t i = 0; i < model::kFieldCount; ++i) all.insert(static_cast<Field>(i));
  return all;
}();

template <class Enum>
constexpr std::size_t kCount =
    boost::mp11::mp_size<boost::describe::describe_enumerators<Enum>>::value;
constexpr std::uint32_t kAllCodes = (std::uint32_t{1} << kCount<StatusReasonCode>)-1;
constexpr std::uint32_t kVisibleStatuses = [] {
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < kCount<WorkspaceStatus>; ++i) {
    if (!model::is_hidden(static_cast<WorkspaceStatus>(i))) bits |= std::uint32_t{1} << i;
  }
  return bits;
}();

// The codes for which `holds` is true.
template <class Fn>
std::uint32_t codes_where(Fn&& holds) {
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < kCount<StatusReasonCode>; ++i) {
    if (holds(static_cast<StatusReasonCode>(i))) bits |= std::uint32_t{1} << i;
  }
  return bits;
}

}  // namespace

FieldSet fields_of(ViewShape shape) {
  switch (shape) {
    case ViewShape::sidebar:
      return kSidebar;
    case ViewShape::kanban:
      return kKanban;
    case ViewShape::list:
      return kList;
    case ViewShape::full:
      break;
  }
  return kFull;
}

View::View() : statuses_(kVisibleStatuses), codes_(kAllCodes) {}

View View::full(model::ProjectId project) {
  View view;
  if (project.view() != kAllProjects) view.project_ = std::move(project);
  view.settle();
  return view;
}

/// Reads one view; a struct so that it can be the friend of what it fills.
struct ViewReader {
  // Calls `take(value, path)` for a single value or each element of an array, until one fails.
  template <class Fn>
  static Result<void> each(const JsonValue& value, const std::string& path, Fn&& take) {
    if (value.kind() != JsonValue::Kind::array) return take(value, path);
    Result<void> outcome;
    std::size_t count = 0;
    value.each_element([&](std::size_t index, JsonValue element) {
      ++count;
      if (outcome) outcome = take(element, path + "[" + std::to_string(index) + "]");
    });
    if (count == 0) return fail(ErrorCode::invalid_argument, "an empty set matches nothing", path);
    return outcome;
  }

  // The set of T named at `value`, as `add(T)` calls.
  template <class T, class Fn>
  static Result<void> set_of(const JsonValue& value, const std::string& path, Fn&& add) {
    return each(value, path, [&](const JsonValue& one, const std::string& at) -> Result<void> {
      SB_TRY(const T read, from_json<T>(one, at));
      add(read);
      return {};
    });
  }

  static Result<void> where(View& view, std::string_view name, const JsonValue& value,
                            const std::string& path) {
    if (name == "status") {
      view.statuses_ = 0;
      return set_of<WorkspaceStatus>(
          value, path, [&](WorkspaceStatus status) { view.statuses_ |= View::bit(status); });
    }
    // All sets must hold, and each is a set of status reasons in the end.
    std::uint32_t codes = 0;
    Result<void> read;
    if (name == "statusReasonCode") {
      read = set_of<StatusReasonCode>(value, path,
                                      [&](StatusReasonCode code) { codes |= View::bit(code); });
    } else if (name == "kanbanColumn") {
      read = set_of<std::optional<KanbanColumn>>(
          value, path, [&](const std::optional<KanbanColumn>& column) {
            codes |=
                codes_where([&](StatusReasonCode code) { return kanban_column(code) == column; });
          });
    } else if (name == "needsUser") {
      read = set_of<bool>(value, path, [&](bool needs_user) {
        codes |= codes_where(
            [&](StatusReasonCode code) { return status_reason(code).needsUser == needs_user; });
      });
    } else {
      return fail(ErrorCode::invalid_argument,
                  "no such filter; there are status, kanbanColumn, statusReasonCode and needsUser",
                  path);
    }
    view.codes_ &= codes;
    return read;
  }

  static Result<void> member(View& view, std::string_view name, const JsonValue& value,
                             const std::string& path) {
    if (name == "projectId") {
      SB_TRY(auto id, from_json<model::ProjectId>(value, path));
      if (id.empty() || id.view().size() > model::kIdBytesMax) {
        return fail(ErrorCode::invalid_argument, "not an identifier", path);
      }
      if (id.view() != kAllProjects) view.project_ = std::move(id);
      return {};
    }
    if (name == "shape") {
      SB_TRY(view.shape_, from_json<ViewShape>(value, path));
      return {};
    }
    if (name != "where") return fail(ErrorCode::invalid_argument, "no such member of a view", path);
    if (value.kind() != JsonValue::Kind::object) return json_type_error("an object", value, path);
    Result<void> outcome;
    value.each_member([&](std::string_view filter, JsonValue set) {
      if (outcome) outcome = where(view, filter, set, path + "." + std::string(filter));
    });
    return outcome;
  }
};

Result<View> View::parse(const JsonValue& value, const std::string& path) {
  if (value.kind() != JsonValue::Kind::object) return json_type_error("an object", value, path);
  View view;
  Result<void> outcome;
  value.each_member([&](std::string_view name, JsonValue member) {
    if (outcome) outcome = ViewReader::member(view, name, member, path + "." + std::string(name));
  });
  if (!outcome) return std::move(outcome).error();
  if (!value.find("projectId")) return json_missing_error(path + ".projectId");
  view.settle();
  return view;
}

bool View::shows_hidden() const {
  return (statuses_ & ~kVisibleStatuses) != 0;
}

FieldSet View::make_filter_fields() const {
  FieldSet fields{Field::status};
  if (project_) fields.insert(Field::projectId);
  if (codes_ == kAllCodes) return fields;
  // Whole columns only: a change of reason inside a column neither enters nor leaves.
  const bool whole_columns = codes_where([&](StatusReasonCode code) {
                               const auto column = codes_where([&](StatusReasonCode other) {
                                 return kanban_column(other) == kanban_column(code);
                               });
                               return (codes_ & column) == column;
                             }) == codes_;
  fields.insert(whole_columns ? Field::kanbanColumn : Field::statusReason);
  return fields;
}

void View::settle() {
  hash_ = make_hash();
  filter_fields_ = make_filter_fields();
}

std::uint64_t View::make_hash() const {
  if (project_ && shape_ == ViewShape::full && statuses_ == kVisibleStatuses &&
      codes_ == kAllCodes) {
    return full_view_hash(project_->view());
  }
  std::string text(kProjection);
  text.append(1, ' ').append(enum_text(shape_));
  text.append(1, ' ').append(std::to_string(statuses_));
  text.append(1, ' ').append(std::to_string(codes_));
  // Last, because an identifier may hold anything.
  if (project_) text.append(" p ").append(project_->view());
  return fnv1a(text);
}

}  // namespace sb::snapshot
