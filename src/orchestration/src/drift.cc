#include "drift.h"

#include <string>

#include "sb/model/field.h"

namespace sb::orchestration {
namespace {

// The event of our own domains that carries a field.
std::string_view carrying_event(model::Field field) {
  switch (field) {
    case model::Field::gitStats:
    case model::Field::ahead:
    case model::Field::behind:
    case model::Field::operation:
    case model::Field::lastActivityAt:
      return "git read";
    case model::Field::sessionSummaries:
    case model::Field::pendingRequests:
    case model::Field::pendingRequestType:
      return "session changed";
    case model::Field::terminals:
      return "terminal changed";
    case model::Field::prUrl:
    case model::Field::prNumber:
    case model::Field::prState:
    case model::Field::prCiStatus:
    case model::Field::prUpdatedAt:
    case model::Field::hasMergeConflict:
    case model::Field::prReviewState:
    case model::Field::prHeadBranch:
      return "pull request";
    default:
      return "workspace changed";
  }
}

}  // namespace

DriftLog::DriftLog(Metrics& metrics, Logger log) : metrics_(&metrics), log_(std::move(log)) {}

Counter& DriftLog::counter(std::string_view field) {
  const auto found = counters_.find(field);
  if (found != counters_.end()) return *found->second;
  Counter& made = metrics_->counter(
      "drift_total", "Corrections applied by reconciliation, by field.", {{"field", field}});
  counters_.emplace(std::string(field), &made);
  return made;
}

void DriftLog::note(const model::WorkspaceId& id, const snapshot::Applied& applied) {
  for (const auto& change : applied.changes) {
    ++total_;
    counter(model::field_name(change.field)).add();
    log_.warn("drift corrected",
              {kv("workspace", id.view()), kv("field", model::field_name(change.field)),
               kv("before", change.before), kv("after", change.after),
               kv("missed", carrying_event(change.field))});
  }
}

void DriftLog::note(const model::ProjectId& project, std::string_view what, std::size_t count) {
  if (count == 0) return;
  total_ += count;
  counter(what).add(static_cast<double>(count));
  log_.warn("drift corrected",
            {kv("project", project.view()), kv("what", what), kv("count", count)});
}

}  // namespace sb::orchestration
