#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/enums.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/snapshot/entry.h"

namespace sb::snapshot {

/// Which fields of an entry a view shows (protocol, section 4).
enum class ViewShape { full, sidebar, kanban, list };
BOOST_DESCRIBE_ENUM(ViewShape, full, sidebar, kanban, list)

/// The fields of a shape. Every shape holds what a filter can look at, so that entering and leaving
/// a view is itself a visible change.
///   full     everything
///   sidebar  what a line of the sidebar needs: name, branch, pull request, activity, statistics,
///            run script and what derives (contract, section 19.1, getProjectSummaryState)
///   kanban   sidebar, and what a card adds: mode, auto-iteration, merge conflict, review, dispatch
///   list     kanban, and the sessions with their state (contract, section 19.3, listForProject)
/// All of them name `unknownFields` and `problem`, so that a default is never taken for a fact.
[[nodiscard]] model::FieldSet fields_of(ViewShape shape);

/// What a reader asked to see, normalised: two spellings of one view are equal and have the same
/// hash. Thread: a value.
class View {
 public:
  /// Everything of one project: the view of dialect 1 and of the plain snapshot read. `*` is all
  /// projects.
  static View full(model::ProjectId project);

  /// Reads `{"projectId":"p1"|"*","shape":…?,"where":{…}?}`. A set in `where` is an array or a
  /// single value; `kanbanColumn` may be null. Unknown members are refused: a misspelt filter must
  /// not show everything. Errors: invalid_argument with the path.
  [[nodiscard]] static Result<View> parse(const JsonValue& value, const std::string& path);

  /// The one project, or null for all.
  [[nodiscard]] const model::ProjectId* project() const { return project_ ? &*project_ : nullptr; }
  [[nodiscard]] ViewShape shape() const { return shape_; }
  [[nodiscard]] model::FieldSet fields() const { return fields_of(shape_); }
  /// The fields whose change can make an entry enter or leave this view.
  [[nodiscard]] model::FieldSet filter_fields() const { return filter_fields_; }
  /// True when entries that are hidden elsewhere (ARCHIVING) can be in this view.
  [[nodiscard]] bool shows_hidden() const;

  /// True when an entry of this status and reason is in the view, its project aside.
  [[nodiscard]] bool matches(model::WorkspaceStatus status, model::StatusReasonCode code) const {
    return (statuses_ & bit(status)) != 0 && (codes_ & bit(code)) != 0;
  }
  [[nodiscard]] bool matches(const PublishedEntry& entry) const {
    return (!project_ || *project_ == entry.project) && matches(entry.status, entry.status_reason);
  }
  /// Of the normalised view and the shape of entries; stands in cursors. Equal to
  /// `full_view_hash(project)` for the full view of one project.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  friend bool operator==(const View&, const View&) = default;

 private:
  View();
  // What follows from the rest, once that is complete.
  void settle();
  [[nodiscard]] std::uint64_t make_hash() const;
  [[nodiscard]] model::FieldSet make_filter_fields() const;
  template <class Enum>
  static constexpr std::uint32_t bit(Enum value) {
    return std::uint32_t{1} << static_cast<unsigned>(value);
  }
  friend struct ViewReader;

  std::optional<model::ProjectId> project_;
  ViewShape shape_ = ViewShape::full;
  std::uint32_t statuses_;  // a bit per WorkspaceStatus
  std::uint32_t codes_;     // a bit per StatusReasonCode; column and needsUser are sets of codes
  std::uint64_t hash_ = 0;
  model::FieldSet filter_fields_;
};

}  // namespace sb::snapshot
