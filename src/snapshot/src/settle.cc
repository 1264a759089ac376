#include <algorithm>

#include "sb/core/json_codec.h"

#include "entity.h"

namespace sb::snapshot {
namespace {

using model::Field;
using model::FieldSet;

// Facts about one pull request: they count only while they speak of the one the workspace has now.
constexpr FieldSet kPrFacts{Field::prState,
                            Field::prCiStatus,
                            Field::prUpdatedAt,
                            Field::hasMergeConflict,
                            Field::prReviewState,
                            Field::prHeadBranch,
                            Field::ratchetState,
                            Field::ratchetDispatchStalled,
                            Field::ratchetDispatchOutcome,
                            Field::ratchetDispatchRetryCount};
// What an explicit ratchetState was computed from.
constexpr FieldSet kRatchetInputs{Field::ratchetEnabled, Field::prState, Field::prCiStatus,
                                  Field::hasMergeConflict, Field::prReviewState};

// Published differently from the raw fact; which of the two holds depends on stamps.
constexpr FieldSet kDependent{Field::isWorking, Field::hasHadSessions, Field::pendingRequestType,
                              Field::ratchetState};
// What else settling reads the value of.
constexpr FieldSet kSettledFrom{Field::status, Field::mode, Field::autoIterationStatus,
                                Field::prUrl, Field::lastActivityAt};

// The first of `marks` that a fact is older than. Null: the fact counts (if it is known at all).
const Origin* overtaken_by(const Origin* fact, const std::vector<Origin>& marks) {
  if (fact == nullptr) return nullptr;
  const auto newer = std::find_if(marks.begin(), marks.end(),
                                  [&](const Origin& mark) { return !not_older(*fact, mark); });
  return newer == marks.end() ? nullptr : &*newer;
}

// Whether the explicit fact of a dependent field counts; why, goes to the trace.
bool counts(const Entity& entity, Field field, const std::vector<Origin>& marks,
            SettleTrace* trace) {
  const Origin* fact = entity.origins.holder(field);
  const Origin* newer = overtaken_by(fact, marks);
  const bool counted = fact != nullptr && newer == nullptr;
  if (trace != nullptr) {
    trace->dependent.push_back({field, fact != nullptr, counted,
                                newer != nullptr ? std::optional(*newer) : std::nullopt,
                                std::nullopt});
  }
  return counted;
}

FieldSet voided_by_identity(const Entity& entity, SettleTrace* trace) {
  FieldSet voided;
  for (const PrIdentityLog* log : {&entity.pr->numbers, &entity.pr->urls}) {
    const auto since = log->current_since();
    if (!since) continue;
    kPrFacts.each([&](Field field) {
      const Origin* origin = entity.origins.holder(field);
      if (origin == nullptr || not_older(*origin, *since) || voided.contains(field)) return;
      voided.insert(field);
      if (trace != nullptr) trace->voided.emplace_back(field, *since);
    });
  }
  return voided;
}

std::optional<model::PendingRequestType> strongest_request(const Entity& entity) {
  std::optional<model::PendingRequestType> strongest;
  entity.agents->pending.each_live([&](const auto& slot) {
    if (!is_request_shown(entity, slot)) return;
    // Enumerators are in order of priority (contract, section 6).
    if (!strongest || slot.value.type < *strongest) strongest = slot.value.type;
  });
  return strongest;
}

}  // namespace

void raise_mark(std::vector<Origin>& marks, const Origin& origin) {
  for (Origin& mark : marks) {
    if (mark.source != origin.source) continue;
    if (mark.stamp < origin.stamp) mark = origin;  // a late one came before it in its source
    return;
  }
  marks.push_back(origin);
}

// A request counts until its session ended or went away after it was raised. Compared within one
// source only; across sources a session that ended ends its requests.
bool is_request_shown(const Entity& entity, const Elements<model::PendingRequest>::Slot& request) {
  const auto* session = entity.agents->sessions.find(request.value.sessionId);
  if (session == nullptr || session->removed) {
    if (session != nullptr && session->holder != request.holder) return false;
    const auto absent =
        entity.agents->sessions.absent_since(request.holder, request.value.sessionId);
    return !absent || *absent < request.stamp();
  }
  if (session->value.processState != model::SessionRuntimeProcessState::stopped) return true;
  return session->holder == request.holder && session->stamp() < request.stamp();
}

bool can_settle_differently(FieldSet accepted, FieldSet moved) {
  constexpr FieldSet kByStamp = kPrFacts | kRatchetInputs | kDependent;
  return !((accepted & kByStamp) | (moved & kSettledFrom)).empty();
}

Shown settle(const Entity& entity, SettleTrace* trace) {
  static const model::Facts kDefaults;
  const model::Facts& facts = entity.facts;
  const ScalarOrigins& origins = entity.origins;
  Shown shown;
  shown.voided = voided_by_identity(entity, trace);
  shown.unknown = (model::scalar_fields() & ~origins.known()) | shown.voided;
  const auto known = [&](Field field) { return !shown.unknown.contains(field); };

  const bool sessions_known = entity.agents->sessions.reported();
  bool any_working = false;
  bool any_starting = false;
  bool any_error = false;
  std::optional<WallTime> latest = facts.lastActivityAt;
  entity.agents->sessions.each_live([&](const auto& slot) {
    const model::SessionSummary& session = slot.value;
    if (session.activityKnown) any_working = any_working || is_session_working(session);
    any_starting = any_starting || is_session_starting(session);
    any_error = any_error || has_session_error(session);
    if (!latest || session.updatedAt > *latest) latest = session.updatedAt;
  });
  entity.agents->terminals.each_live([&](const auto& slot) {
    const auto& at = slot.value.lastActivityAt;
    if (at && (!latest || *at > *latest)) latest = at;
  });
  shown.last_activity_at = latest;
  if (latest) shown.unknown.erase(Field::lastActivityAt);

  if (counts(entity, Field::isWorking, entity.agents->session_marks, trace)) {
    shown.is_working = facts.isWorking;
  } else {
    shown.is_working = any_working;
    if (sessions_known) shown.unknown.erase(Field::isWorking);
  }
  // "Has had" never turns back: evidence counts until the authority says otherwise later.
  if (counts(entity, Field::hasHadSessions, entity.agents->started_marks, trace)) {
    shown.has_had_sessions = facts.hasHadSessions;
  } else {
    shown.has_had_sessions = !entity.agents->started_marks.empty();
    if (shown.has_had_sessions) shown.unknown.erase(Field::hasHadSessions);
  }
  if (counts(entity, Field::pendingRequestType, entity.agents->pending_marks, trace)) {
    shown.pending_request_type = facts.pendingRequestType;
  } else {
    shown.pending_request_type = strongest_request(entity);
    if (entity.agents->pending.reported() || sessions_known) {
      shown.unknown.erase(Field::pendingRequestType);
    }
  }

  const auto value = [&](Field field) -> const model::Facts& {
    return shown.voided.contains(field) ? kDefaults : facts;
  };
  DeriveInput input;
  input.status = facts.status;
  input.mode = facts.mode;
  input.auto_iteration_status = facts.autoIterationStatus;
  input.has_had_sessions = shown.has_had_sessions;
  input.has_pr_url = facts.prUrl && !facts.prUrl->empty();
  input.pr_state = value(Field::prState).prState;
  input.pr_ci_status = value(Field::prCiStatus).prCiStatus;
  input.has_merge_conflict = value(Field::hasMergeConflict).hasMergeConflict;
  input.is_working = shown.is_working;
  input.is_session_starting = any_starting;
  input.has_session_error = any_error;
  input.pending_request_type = shown.pending_request_type;
  input.ratchet_enabled = facts.ratchetEnabled;
  input.dispatch_stalled = value(Field::ratchetDispatchStalled).ratchetDispatchStalled;

  const Origin* ratchet = origins.holder(Field::ratchetState);
  bool explicit_ratchet = ratchet != nullptr && !shown.voided.contains(Field::ratchetState);
  bool any_input = false;
  std::optional<Field> newer_input;
  kRatchetInputs.each([&](Field field) {
    const Origin* origin = origins.holder(field);
    if (origin == nullptr) return;
    any_input = any_input || known(field);
    if (explicit_ratchet && !not_older(*ratchet, *origin)) {
      explicit_ratchet = false;
      newer_input = field;
    }
  });
  const RatchetInput ratchet_input{
      input.ratchet_enabled, input.pr_state, input.pr_ci_status, input.has_merge_conflict,
      value(Field::prReviewState).prReviewState == "CHANGES_REQUESTED"};
  if (explicit_ratchet) {
    shown.ratchet_state = facts.ratchetState;
  } else {
    shown.ratchet_state = derive_ratchet_state(ratchet_input);
    if (any_input) {
      shown.unknown.erase(Field::ratchetState);
    } else {
      shown.unknown.insert(Field::ratchetState);
    }
  }
  if (trace != nullptr) {
    trace->dependent.push_back(
        {Field::ratchetState, ratchet != nullptr, explicit_ratchet,
         newer_input ? std::optional(*origins.holder(*newer_input)) : std::nullopt, newer_input});
  }
  input.ratchet_state = shown.ratchet_state;
  shown.derived = derive(input);
  if (trace != nullptr) {
    trace->input = input;
    trace->ratchet = ratchet_input;
  }

  if (!sessions_known) shown.unknown.insert(Field::sessionSummaries);
  if (!entity.agents->pending.reported()) shown.unknown.insert(Field::pendingRequests);
  if (!entity.agents->terminals.reported()) shown.unknown.insert(Field::terminals);
  return shown;
}

}  // namespace sb::snapshot
