#include "sb/snapshot/derive.h"

#include <array>
#include <cstddef>

#include "sb/core/json_codec.h"

#include "rules.h"

namespace sb::snapshot {
namespace {

using model::KanbanColumn;
using model::RatchetState;
using model::StatusReasonCode;
using model::StatusReasonTone;

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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

std::span<const ReasonRule> reason_rules() {
  return rules::kStatusReason;
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
  RuleInput in{input};
  in.ci = out.ci_observation = rules::decide<rules::kCiObservation>(in);
  in.flow = out.flow_phase = rules::decide<rules::kFlowPhase>(in);
  out.ratchet_button_animated = rules::decide<rules::kRatchetButtonAnimated>(in);
  out.sidebar_status.activityState = rules::decide<rules::kSidebarActivity>(in);
  out.sidebar_status.ciState = rules::decide<rules::kSidebarCi>(in);
  const StatusReasonCode code = rules::decide<rules::kStatusReason>(in);
  out.status_reason = status_reason(code);
  out.kanban_column = kanban_column(code);
  return out;
}

RatchetState derive_ratchet_state(const RatchetInput& input) {
  return rules::decide<rules::kRatchetState>(input);
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
