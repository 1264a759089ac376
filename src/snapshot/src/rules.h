#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "sb/model/enums.h"
#include "sb/snapshot/derive.h"

// The tables of derivation (contract, section 5). derive() decides by them and explain() tells by
// them: there is no second copy of any rule.

namespace sb::snapshot::rules {

using In = const RuleInput&;
using Ratchet = const RatchetInput&;
using model::CiObservation;
using model::CiStatus;
using model::FlowPhase;
using model::PendingRequestType;
using model::PrState;
using model::RatchetState;
using model::SidebarActivityState;
using model::SidebarCiState;
using model::StatusReasonCode;
using model::WorkspaceStatus;

/// What the first rule that holds says. Unrolled at compile time, so that a table costs what the
/// same chain of `if` costs. REQUIRES: the last rule always holds.
template <const auto& Table, class Input>
[[nodiscard]] constexpr auto decide(const Input& input) {
  auto value = Table[Table.size() - 1].value;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((Table[I].holds(input) ? (value = Table[I].value, true) : false) || ...);
  }(std::make_index_sequence<Table.size() - 1>{});
  return value;
}

[[nodiscard]] constexpr bool is_open(model::PrState state) {
  return state == PrState::OPEN || state == PrState::DRAFT || state == PrState::CHANGES_REQUESTED ||
         state == PrState::APPROVED;
}

/// Contract section 5.1.
inline constexpr auto kRatchetState = std::to_array<RatchetRule>({
    {"auto-fix is off", RatchetState::IDLE, [](Ratchet in) { return !in.enabled; }},
    {"the pull request is merged", RatchetState::MERGED,
     [](Ratchet in) { return in.pr_state == PrState::MERGED; }},
    {"no pull request is open", RatchetState::IDLE,
     [](Ratchet in) { return !is_open(in.pr_state); }},
    {"CI failed", RatchetState::CI_FAILED,
     [](Ratchet in) { return in.ci_status == CiStatus::FAILURE; }},
    {"the pull request conflicts", RatchetState::MERGE_CONFLICT,
     [](Ratchet in) { return in.has_merge_conflict; }},
    {"CI runs, or nobody told of it yet", RatchetState::CI_RUNNING,
     [](Ratchet in) {
       return in.ci_status == CiStatus::PENDING || in.ci_status == CiStatus::UNKNOWN;
     }},
    {"a review asks for changes", RatchetState::REVIEW_PENDING,
     [](Ratchet in) { return in.changes_requested; }},
    {"nothing is left to fix", RatchetState::READY, [](Ratchet) { return true; }},
});

inline constexpr auto kCiObservation = std::to_array<Rule<CiObservation>>({
    {"the checks run", CiObservation::CHECKS_PENDING,
     [](In in) { return in.facts.pr_ci_status == CiStatus::PENDING; }},
    {"a check failed", CiObservation::CHECKS_FAILED,
     [](In in) { return in.facts.pr_ci_status == CiStatus::FAILURE; }},
    {"the checks passed", CiObservation::CHECKS_PASSED,
     [](In in) { return in.facts.pr_ci_status == CiStatus::SUCCESS; }},
    {"nobody told of checks", CiObservation::NOT_FETCHED, [](In) { return true; }},
});

/// Contract section 5.4.
inline constexpr auto kFlowPhase = std::to_array<Rule<FlowPhase>>({
    {"the pull request is merged", FlowPhase::MERGED,
     [](In in) { return in.facts.pr_state == PrState::MERGED; }},
    {"there is no URL of a pull request", FlowPhase::NO_PR,
     [](In in) { return !in.facts.has_pr_url; }},
    {"no pull request is open", FlowPhase::NO_PR,
     [](In in) { return !is_open(in.facts.pr_state); }},
    {"CI runs, or nobody told of it yet", FlowPhase::CI_WAIT,
     [](In in) {
       return in.ci == CiObservation::NOT_FETCHED || in.ci == CiObservation::CHECKS_PENDING;
     }},
    {"auto-fix is off", FlowPhase::READY, [](In in) { return !in.facts.ratchet_enabled; }},
    {"auto-fix has CI or a review to work on", FlowPhase::RATCHET_FIXING,
     [](In in) {
       return in.facts.ratchet_state == RatchetState::CI_FAILED ||
              in.facts.ratchet_state == RatchetState::REVIEW_PENDING;
     }},
    {"auto-fix has nothing left to do", FlowPhase::READY,
     [](In in) {
       return in.facts.ratchet_state == RatchetState::READY ||
              in.facts.ratchet_state == RatchetState::MERGED;
     }},
    {"auto-fix is on", FlowPhase::RATCHET_VERIFY, [](In) { return true; }},
});

inline constexpr auto kRatchetButtonAnimated = std::to_array<Rule<bool>>({
    {"auto-fix is on and the pull request waits for CI", true,
     [](In in) { return in.flow == model::FlowPhase::CI_WAIT && in.facts.ratchet_enabled; }},
    {"nothing else holds", false, [](In) { return true; }},
});

inline constexpr auto kSidebarActivity = std::to_array<Rule<model::SidebarActivityState>>({
    {"an agent is working", model::SidebarActivityState::WORKING,
     [](In in) { return in.facts.is_working; }},
    {"nothing else holds", model::SidebarActivityState::IDLE, [](In) { return true; }},
});

/// Contract section 5.5.
inline constexpr auto kSidebarCi = std::to_array<Rule<SidebarCiState>>({
    {"there is no URL of a pull request", SidebarCiState::NONE,
     [](In in) { return !in.facts.has_pr_url; }},
    {"the pull request is merged", SidebarCiState::MERGED,
     [](In in) {
       return in.facts.pr_state == PrState::MERGED ||
              in.facts.ratchet_state == RatchetState::MERGED;
     }},
    {"the pull request is closed", SidebarCiState::CLOSED,
     [](In in) { return in.facts.pr_state == PrState::CLOSED; }},
    {"auto-fix sees a merge conflict", SidebarCiState::CONFLICT,
     [](In in) { return in.facts.ratchet_state == RatchetState::MERGE_CONFLICT; }},
    {"the checks passed", SidebarCiState::PASSING,
     [](In in) { return in.facts.pr_ci_status == CiStatus::SUCCESS; }},
    {"a check failed", SidebarCiState::FAILING,
     [](In in) { return in.facts.pr_ci_status == CiStatus::FAILURE; }},
    {"the checks run", SidebarCiState::RUNNING,
     [](In in) { return in.facts.pr_ci_status == CiStatus::PENDING; }},
    {"auto-fix saw CI fail", SidebarCiState::FAILING,
     [](In in) { return in.facts.ratchet_state == RatchetState::CI_FAILED; }},
    {"auto-fix sees CI run", SidebarCiState::RUNNING,
     [](In in) { return in.facts.ratchet_state == RatchetState::CI_RUNNING; }},
    {"nobody told of checks", SidebarCiState::UNKNOWN, [](In) { return true; }},
});

/// Contract section 5.7.
inline constexpr auto kStatusReason = std::to_array<Rule<StatusReasonCode>>({
    {"status is ARCHIVING", StatusReasonCode::ARCHIVING,
     [](In in) { return in.facts.status == WorkspaceStatus::ARCHIVING; }},
    {"status is ARCHIVED", StatusReasonCode::ARCHIVED,
     [](In in) { return in.facts.status == WorkspaceStatus::ARCHIVED; }},
    {"the pull request is merged", StatusReasonCode::MERGED,
     [](In in) {
       return in.flow == FlowPhase::MERGED || in.facts.pr_state == PrState::MERGED ||
              in.facts.ratchet_state == RatchetState::MERGED;
     }},
    {"the pull request is closed", StatusReasonCode::PR_CLOSED,
     [](In in) { return in.facts.pr_state == PrState::CLOSED; }},
    {"a permission request is pending", StatusReasonCode::NEEDS_PERMISSION,
     [](In in) { return in.facts.pending_request_type == PendingRequestType::permission_request; }},
    {"a plan approval is pending", StatusReasonCode::NEEDS_PLAN_APPROVAL,
     [](In in) { return in.facts.pending_request_type == PendingRequestType::plan_approval; }},
    {"a question is pending", StatusReasonCode::NEEDS_ANSWER,
     [](In in) { return in.facts.pending_request_type == PendingRequestType::user_question; }},
    {"a session is in error", StatusReasonCode::SESSION_ERROR,
     [](In in) { return in.facts.has_session_error; }},
    {"status is NEW or PROVISIONING", StatusReasonCode::SETTING_UP,
     [](In in) {
       return in.facts.status == WorkspaceStatus::NEW ||
              in.facts.status == WorkspaceStatus::PROVISIONING;
     }},
    {"status is FAILED", StatusReasonCode::SETUP_FAILED,
     [](In in) { return in.facts.status == WorkspaceStatus::FAILED; }},
    {"an agent is working", StatusReasonCode::AGENT_WORKING,
     [](In in) { return in.facts.is_working; }},
    {"a session is starting", StatusReasonCode::STARTING_SESSION,
     [](In in) { return in.facts.is_session_starting; }},
    {"auto-iteration is running", StatusReasonCode::AUTO_ITERATING,
     [](In in) {
       return in.facts.mode == model::WorkspaceMode::AUTO_ITERATION &&
              in.facts.auto_iteration_status == model::AutoIterationStatus::RUNNING;
     }},
    {"there is a pull request, auto-fix is on and stalled", StatusReasonCode::RATCHET_STALLED,
     [](In in) {
       return in.flow != FlowPhase::NO_PR && in.facts.ratchet_enabled && in.facts.dispatch_stalled;
     }},
    {"the pull request conflicts and auto-fix is on", StatusReasonCode::FIXING_MERGE_CONFLICT,
     [](In in) {
       return in.flow != FlowPhase::NO_PR && in.facts.has_merge_conflict &&
              in.facts.ratchet_enabled;
     }},
    {"the pull request conflicts and auto-fix is off", StatusReasonCode::MERGE_CONFLICT,
     [](In in) { return in.flow != FlowPhase::NO_PR && in.facts.has_merge_conflict; }},
    {"the pull request waits for CI", StatusReasonCode::WAITING_FOR_CI,
     [](In in) { return in.flow == FlowPhase::CI_WAIT; }},
    {"auto-fix works on review comments", StatusReasonCode::FIXING_REVIEW_COMMENTS,
     [](In in) {
       return in.flow == FlowPhase::RATCHET_FIXING &&
              in.facts.ratchet_state == RatchetState::REVIEW_PENDING;
     }},
    {"auto-fix works on CI", StatusReasonCode::FIXING_CI_FAILURES,
     [](In in) { return in.flow == FlowPhase::RATCHET_FIXING; }},
    {"auto-fix checks the pull request", StatusReasonCode::CHECKING_PR,
     [](In in) { return in.flow == FlowPhase::RATCHET_VERIFY; }},
    {"the pull request is ready and its checks passed", StatusReasonCode::READY_TO_MERGE,
     [](In in) { return in.flow == FlowPhase::READY && in.ci == CiObservation::CHECKS_PASSED; }},
    {"the pull request is ready", StatusReasonCode::READY_FOR_REVIEW,
     [](In in) { return in.flow == FlowPhase::READY; }},
    {"no session was ever started", StatusReasonCode::NO_SESSION_STARTED,
     [](In in) { return !in.facts.has_had_sessions; }},
    {"nothing else holds", StatusReasonCode::READY_FOR_NEXT_PROMPT, [](In) { return true; }},
});

}  // namespace sb::snapshot::rules
