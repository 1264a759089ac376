#include "sb/snapshot/derive.h"

#include <array>
#include <cstddef>

#include "sb/core/json_codec.h"

namespace sb::snapshot {
namespace {

using model::CiObservation;
using model::CiStatus;
using model::FlowPhase;
using model::KanbanColumn;
using model::PendingRequestType;
using model::PrState;
using model::RatchetState;
using model::SidebarCiState;
using model::StatusReasonCode;
using model::StatusReasonTone;
using model::WorkspaceStatus;

struct CodeRow {
  StatusReasonCode code;
  std::string_view label;
  StatusReasonTone tone;
  bool needs_user;
  std::optional<KanbanColumn> column;
};

// Contract section 5.8, in the order of StatusReasonCode.
using Tone = StatusReasonTone;
constexpr auto kWorkingColumn = KanbanColumn::WORKING;
constexpr auto kWaitingColumn = KanbanColumn::WAITING;
constexpr auto kDoneColumn = KanbanColumn::DONE;
constexpr std::array<CodeRow, 24> kCodes{{
    {StatusReasonCode::NEEDS_PERMISSION, "Needs permission", Tone::attention, true, kWaitingColumn},
    {StatusReasonCode::NEEDS_PLAN_APPROVAL, "Needs plan approval", Tone::attention, true,
     kWaitingColumn},
    {StatusReasonCode::NEEDS_ANSWER, "Needs your answer", Tone::attention, true, kWaitingColumn},
    {StatusReasonCode::SESSION_ERROR, "Session error", Tone::danger, true, kWaitingColumn},
    {StatusReasonCode::SETTING_UP, "Setting up workspace", Tone::working, false, kWorkingColumn},
    {StatusReasonCode::SETUP_FAILED, "Setup failed", Tone::danger, true, kWaitingColumn},
    {StatusReasonCode::ARCHIVING, "Archiving", Tone::working, false, std::nullopt},
    {StatusReasonCode::ARCHIVED, "Archived", Tone::neutral, false, std::nullopt},
    {StatusReasonCode::AGENT_WORKING, "Agent working", Tone::working, false, kWorkingColumn},
    {StatusReasonCode::STARTING_SESSION, "Starting session", Tone::working, false, kWorkingColumn},
    {StatusReasonCode::AUTO_ITERATING, "Auto-iterating", Tone::working, false, kWorkingColumn},
    {StatusReasonCode::WAITING_FOR_CI, "Waiting for CI", Tone::waiting, false, kWorkingColumn},
    {StatusReasonCode::FIXING_CI_FAILURES, "Fixing CI failures", Tone::working, false,
     kWorkingColumn},
    {StatusReasonCode::FIXING_REVIEW_COMMENTS, "Fixing review comments", Tone::working, false,
     kWorkingColumn},
    {StatusReasonCode::FIXING_MERGE_CONFLICT, "Fixing merge conflict", Tone::working, false,
     kWorkingColumn},
    {StatusReasonCode::MERGE_CONFLICT, "Merge conflict", Tone::attention, true, kWaitingColumn},
    {StatusReasonCode::RATCHET_STALLED, "Auto-fix stalled", Tone::attention, true, kWaitingColumn},
    {StatusReasonCode::CHECKING_PR, "Checking PR", Tone::working, false, kWorkingColumn},
    {StatusReasonCode::MERGED, "Merged", Tone::success, false, kDoneColumn},
    {StatusReasonCode::PR_CLOSED, "PR closed", Tone::neutral, false, kDoneColumn},
    {StatusReasonCode::READY_TO_MERGE, "Ready to merge", Tone::success, true, kWaitingColumn},
    {StatusReasonCode::READY_FOR_REVIEW, "Ready for review", Tone::neutral, true, kWaitingColumn},
    {StatusReasonCode::NO_SESSION_STARTED, "No session started", Tone::neutral, true,
     kWaitingColumn},
    {StatusReasonCode::READY_FOR_NEXT_PROMPT, "Ready for next prompt", Tone::neutral, true,
     kWaitingColumn},
}};

consteval bool codes_are_total() {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (static_cast<std::size_t>(kCodes[i].code) != i) return false;
    if (kCodes[i].needs_user != (kCodes[i].column == kWaitingColumn)) return false;
  }
  return kCodes.size() ==
         boost::mp11::mp_size<boost::describe::describe_enumerators<StatusReasonCode>>::value;
}
static_assert(codes_are_total());

const CodeRow& row(StatusReasonCode code) {
  return kCodes.at(static_cast<std::size_t>(code));
}

// Contract section 5.7.
using In = const DeriveInput&;
constexpr std::array<ReasonRule, 24> kRules{{
    {"status is ARCHIVING", StatusReasonCode::ARCHIVING,
     [](In in, FlowPhase, CiObservation) { return in.status == WorkspaceStatus::ARCHIVING; }},
    {"status is ARCHIVED", StatusReasonCode::ARCHIVED,
     [](In in, FlowPhase, CiObservation) { return in.status == WorkspaceStatus::ARCHIVED; }},
    {"the pull request is merged", StatusReasonCode::MERGED,
     [](In in, FlowPhase flow, CiObservation) {
       return flow == FlowPhase::MERGED || in.pr_state == PrState::MERGED ||
              in.ratchet_state == RatchetState::MERGED;
     }},
    {"the pull request is closed", StatusReasonCode::PR_CLOSED,
     [](In in, FlowPhase, CiObservation) { return in.pr_state == PrState::CLOSED; }},
    {"a permission request is pending", StatusReasonCode::NEEDS_PERMISSION,
     [](In in, FlowPhase, CiObservation) {
       return in.pending_request_type == PendingRequestType::permission_request;
     }},
    {"a plan approval is pending", StatusReasonCode::NEEDS_PLAN_APPROVAL,
     [](In in, FlowPhase, CiObservation) {
       return in.pending_request_type == PendingRequestType::plan_approval;
     }},
    {"a question is pending", StatusReasonCode::NEEDS_ANSWER,
     [](In in, FlowPhase, CiObservation) {
       return in.pending_request_type == PendingRequestType::user_question;
     }},
    {"a session is in error", StatusReasonCode::SESSION_ERROR,
     [](In in, FlowPhase, CiObservation) { return in.has_session_error; }},
    {"status is NEW or PROVISIONING", StatusReasonCode::SETTING_UP,
     [](In in, FlowPhase, CiObservation) {
       return in.status == WorkspaceStatus::NEW || in.status == WorkspaceStatus::PROVISIONING;
     }},
    {"status is FAILED", StatusReasonCode::SETUP_FAILED,
     [](In in, FlowPhase, CiObservation) { return in.status == WorkspaceStatus::FAILED; }},
    {"an agent is working", StatusReasonCode::AGENT_WORKING,
     [](In in, FlowPhase, CiObservation) { return in.is_working; }},
    {"a session is starting", StatusReasonCode::STARTING_SESSION,
     [](In in, FlowPhase, CiObservation) { return in.is_session_starting; }},
    {"auto-iteration is running", StatusReasonCode::AUTO_ITERATING,
     [](In in, FlowPhase, CiObservation) {
       return in.mode == model::WorkspaceMode::AUTO_ITERATION &&
              in.auto_iteration_status == model::AutoIterationStatus::RUNNING;
     }},
    {"there is a pull request, auto-fix is on and stalled", StatusReasonCode::RATCHET_STALLED,
     [](In in, FlowPhase flow, CiObservation) {
       return flow != FlowPhase::NO_PR && in.ratchet_enabled && in.dispatch_stalled;
     }},
    {"the pull request conflicts and auto-fix is on", StatusReasonCode::FIXING_MERGE_CONFLICT,
     [](In in, FlowPhase flow, CiObservation) {
       return flow != FlowPhase::NO_PR && in.has_merge_conflict && in.ratchet_enabled;
     }},
    {"the pull request conflicts and auto-fix is off", StatusReasonCode::MERGE_CONFLICT,
     [](In in, FlowPhase flow, CiObservation) {
       return flow != FlowPhase::NO_PR && in.has_merge_conflict;
     }},
    {"the pull request waits for CI", StatusReasonCode::WAITING_FOR_CI,
     [](In, FlowPhase flow, CiObservation) { return flow == FlowPhase::CI_WAIT; }},
    {"auto-fix works on review comments", StatusReasonCode::FIXING_REVIEW_COMMENTS,
     [](In in, FlowPhase flow, CiObservation) {
       return flow == FlowPhase::RATCHET_FIXING && in.ratchet_state == RatchetState::REVIEW_PENDING;
     }},
    {"auto-fix works on CI", StatusReasonCode::FIXING_CI_FAILURES,
     [](In, FlowPhase flow, CiObservation) { return flow == FlowPhase::RATCHET_FIXING; }},
    {"auto-fix checks the pull request", StatusReasonCode::CHECKING_PR,
     [](In, FlowPhase flow, CiObservation) { return flow == FlowPhase::RATCHET_VERIFY; }},
    {"the pull request is ready and its checks passed", StatusReasonCode::READY_TO_MERGE,
     [](In, FlowPhase flow, CiObservation ci) {
       return flow == FlowPhase::READY && ci == CiObservation::CHECKS_PASSED;
     }},
    {"the pull request is ready", StatusReasonCode::READY_FOR_REVIEW,
     [](In, FlowPhase flow, CiObservation) { return flow == FlowPhase::READY; }},
    {"no session was ever started", StatusReasonCode::NO_SESSION_STARTED,
     [](In in, FlowPhase, CiObservation) { return !in.has_had_sessions; }},
    {"nothing else holds", StatusReasonCode::READY_FOR_NEXT_PROMPT,
     [](In, FlowPhase, CiObservation) { return true; }},
}};

bool is_open(PrState state) {
  return state == PrState::OPEN || state == PrState::DRAFT || state == PrState::CHANGES_REQUESTED ||
         state == PrState::APPROVED;
}

CiObservation observe_ci(CiStatus status) {
  switch (status) {
    case CiStatus::PENDING:
      return CiObservation::CHECKS_PENDING;
    case CiStatus::FAILURE:
      return CiObservation::CHECKS_FAILED;
    case CiStatus::SUCCESS:
      return CiObservation::CHECKS_PASSED;
    case CiStatus::UNKNOWN:
      return CiObservation::NOT_FETCHED;
  }
  return CiObservation::CHECKS_UNKNOWN;
}

// Contract section 5.4.
FlowPhase flow_phase(const DeriveInput& in, CiObservation ci) {
  if (in.pr_state == PrState::MERGED) return FlowPhase::MERGED;
  if (!in.has_pr_url || !is_open(in.pr_state)) return FlowPhase::NO_PR;
  if (ci == CiObservation::NOT_FETCHED || ci == CiObservation::CHECKS_PENDING) {
    return FlowPhase::CI_WAIT;
  }
  if (!in.ratchet_enabled) return FlowPhase::READY;
  switch (in.ratchet_state) {
    case RatchetState::CI_FAILED:
    case RatchetState::REVIEW_PENDING:
      return FlowPhase::RATCHET_FIXING;
    case RatchetState::READY:
    case RatchetState::MERGED:
      return FlowPhase::READY;
    case RatchetState::IDLE:
    case RatchetState::CI_RUNNING:
    case RatchetState::MERGE_CONFLICT:
      return FlowPhase::RATCHET_VERIFY;
  }
  return FlowPhase::RATCHET_VERIFY;
}

// Contract section 5.5.
SidebarCiState sidebar_ci_state(const DeriveInput& in) {
  if (!in.has_pr_url) return SidebarCiState::NONE;
  if (in.pr_state == PrState::MERGED || in.ratchet_state == RatchetState::MERGED) {
    return SidebarCiState::MERGED;
  }
  if (in.pr_state == PrState::CLOSED) return SidebarCiState::CLOSED;
  if (in.ratchet_state == RatchetState::MERGE_CONFLICT) return SidebarCiState::CONFLICT;
  switch (in.pr_ci_status) {
    case CiStatus::SUCCESS:
      return SidebarCiState::PASSING;
    case CiStatus::FAILURE:
      return SidebarCiState::FAILING;
    case CiStatus::PENDING:
      return SidebarCiState::RUNNING;
    case CiStatus::UNKNOWN:
      break;
  }
  if (in.ratchet_state == RatchetState::CI_FAILED) return SidebarCiState::FAILING;
  if (in.ratchet_state == RatchetState::CI_RUNNING) return SidebarCiState::RUNNING;
  return SidebarCiState::UNKNOWN;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

std::span<const ReasonRule> reason_rules() {
  return kRules;
}

model::StatusReason status_reason(StatusReasonCode code) {
  const CodeRow& found = row(code);
  return {code, found.label, found.tone, found.needs_user};
}

std::optional<KanbanColumn> kanban_column(StatusReasonCode code) {
  return row(code).column;
}

Derived derive(const DeriveInput& input) {
  Derived out;
  out.ci_observation = observe_ci(input.pr_ci_status);
  out.flow_phase = flow_phase(input, out.ci_observation);
  out.ratchet_button_animated = out.flow_phase == FlowPhase::CI_WAIT && input.ratchet_enabled;
  out.sidebar_status.activityState =
      input.is_working ? model::SidebarActivityState::WORKING : model::SidebarActivityState::IDLE;
  out.sidebar_status.ciState = sidebar_ci_state(input);
  for (const ReasonRule& rule : kRules) {
    if (!rule.holds(input, out.flow_phase, out.ci_observation)) continue;
    out.status_reason = status_reason(rule.code);
    out.kanban_column = kanban_column(rule.code);
    break;
  }
  return out;
}

RatchetState derive_ratchet_state(bool enabled, PrState pr_state, CiStatus ci_status,
                                  bool has_merge_conflict,
                                  const std::optional<std::string>& review_state) {
  if (!enabled) return RatchetState::IDLE;
  if (pr_state == PrState::MERGED) return RatchetState::MERGED;
  if (!is_open(pr_state)) return RatchetState::IDLE;
  if (ci_status == CiStatus::FAILURE) return RatchetState::CI_FAILED;
  if (has_merge_conflict) return RatchetState::MERGE_CONFLICT;
  if (ci_status == CiStatus::PENDING || ci_status == CiStatus::UNKNOWN) {
    return RatchetState::CI_RUNNING;
  }
  if (review_state == "CHANGES_REQUESTED") return RatchetState::REVIEW_PENDING;
  return RatchetState::READY;
}

bool is_session_working(const model::SessionSummary& session) {
  return session.activity == model::SessionRuntimeActivity::WORKING ||
         session.runtimePhase == model::SessionRuntimePhase::running;
}

bool is_session_starting(const model::SessionSummary& session) {
  return session.runtimePhase == model::SessionRuntimePhase::starting ||
         session.runtimePhase == model::SessionRuntimePhase::loading;
}

bool session_was_started(const model::SessionSummary& session) {
  return session.persistedStatus != model::SessionStatus::IDLE || session.lastExit ||
         session.activity == model::SessionRuntimeActivity::WORKING ||
         session.processState == model::SessionRuntimeProcessState::alive ||
         (session.runtimePhase != model::SessionRuntimePhase::idle &&
          session.runtimePhase != model::SessionRuntimePhase::loading);
}

bool has_session_error(const model::SessionSummary& session) {
  return session.runtimePhase == model::SessionRuntimePhase::error ||
         (session.lastExit && session.lastExit->unexpected);
}

std::optional<std::string> session_error(const model::SessionSummary& session) {
  if (!has_session_error(session)) return std::nullopt;
  const bool unexpected = session.lastExit && session.lastExit->unexpected;
  if (session.errorMessage) {
    if (const auto text = trimmed(*session.errorMessage); !text.empty()) return std::string(text);
  }
  if (!unexpected) return "Session entered an error state";
  if (!session.lastExit->code) return "Exited unexpectedly";
  return "Exited unexpectedly (code " + std::to_string(*session.lastExit->code) + ")";
}

}  // namespace sb::snapshot
