#include "session_facts.h"

#include <algorithm>
#include <utility>

#include "sb/core/utf8.h"
#include "sb/session/agents.h"
#include "sb/snapshot/update.h"

namespace sb::orchestration {
namespace {

model::SessionStatus persisted_status(const session::SessionFacts& facts) {
  if (!facts.ended) return model::SessionStatus::RUNNING;
  const bool failed = facts.last_exit && facts.last_exit->unexpected;
  return failed ? model::SessionStatus::FAILED : model::SessionStatus::COMPLETED;
}

}  // namespace

model::SessionSummary to_summary(const session::SessionRow& row) {
  const session::SessionFacts& facts = row.facts;
  model::SessionSummary summary;
  summary.sessionId = row.id;
  summary.name = row.name;
  summary.model = row.model;
  if (const auto* agent = session::find_agent(row.agent)) {
    summary.provider = agent->provider;
    if (!summary.name) summary.name = std::string(agent->title);
  }
  summary.persistedStatus = persisted_status(facts);
  summary.runtimePhase = facts.phase;
  summary.processState = facts.process_state;
  summary.activity = facts.activity;
  summary.activityKnown = facts.activity_known;
  summary.updatedAt = row.updated_at;
  summary.lastExit = facts.last_exit;
  if (facts.error) summary.errorMessage = to_valid_utf8(*facts.error);
  return summary;
}

std::vector<model::PendingRequest> to_requests(const session::SessionRow& row) {
  std::vector<model::PendingRequest> list;
  list.reserve(row.facts.requests.size());
  for (const auto& request : row.facts.requests) {
    list.push_back({row.id, request.id, request.type, request.at});
  }
  return list;
}

model::FactPatch to_facts(const session::SessionChanged& event) {
  model::FactPatch patch;
  patch.sessions.upserts.push_back(to_summary(event.row));
  patch.pending.upserts = to_requests(event.row);
  for (const auto& id : event.settled) {
    patch.pending.removals.push_back(model::pending_request_id(event.row.id, id));
  }
  return patch;
}

model::FactPatch to_facts(const session::SessionRemoved& event) {
  model::FactPatch patch;
  patch.sessions.removals.push_back(event.id);
  for (const auto& id : event.settled) {
    patch.pending.removals.push_back(model::pending_request_id(event.id, id));
  }
  return patch;
}

model::FactPatch to_facts(std::vector<const session::SessionRow*> all) {
  if (all.size() > snapshot::kElementsMax) {
    const auto last = all.begin() + snapshot::kElementsMax;
    std::nth_element(all.begin(), last, all.end(), [](const auto* a, const auto* b) {
      return std::pair(!a->facts.ended, a->stamp) > std::pair(!b->facts.ended, b->stamp);
    });
    all.erase(last, all.end());
  }
  model::FactPatch patch;
  patch.sessions.whole = true;
  patch.pending.whole = true;
  for (const auto* row : all) {
    patch.sessions.upserts.push_back(to_summary(*row));
    for (auto& request : to_requests(*row)) patch.pending.upserts.push_back(std::move(request));
  }
  auto& pending = patch.pending.upserts;
  if (pending.size() > snapshot::kElementsMax) {
    pending.erase(pending.begin() + snapshot::kElementsMax, pending.end());
  }
  return patch;
}

}  // namespace sb::orchestration
