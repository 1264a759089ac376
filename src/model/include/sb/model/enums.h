#pragma once

#include <cstdint>

#include <boost/describe.hpp>

// Every enumeration of the contract, section 2. Enumerators are the wire texts, so that one grep
// finds a value from C++ to TypeScript; order is the contract's.

namespace sb::model {

#define SB_WIRE_ENUM(name, ...)                   \
  enum class name : std::uint8_t { __VA_ARGS__ }; \
  BOOST_DESCRIBE_ENUM(name, __VA_ARGS__)

SB_WIRE_ENUM(WorkspaceStatus, NEW, PROVISIONING, READY, FAILED, ARCHIVING, ARCHIVED)
SB_WIRE_ENUM(WorkspaceMode, STANDARD, AUTO_ITERATION)
SB_WIRE_ENUM(AutoIterationStatus, IDLE, RUNNING, PAUSED, COMPLETED, MAX_ITERATIONS, STOPPED, FAILED)
SB_WIRE_ENUM(PrState, NONE, DRAFT, OPEN, CHANGES_REQUESTED, APPROVED, MERGED, CLOSED)
SB_WIRE_ENUM(CiStatus, UNKNOWN, PENDING, SUCCESS, FAILURE)
SB_WIRE_ENUM(RatchetState, IDLE, CI_RUNNING, CI_FAILED, MERGE_CONFLICT, REVIEW_PENDING, READY,
             MERGED)
SB_WIRE_ENUM(RatchetDispatchOutcome, RUNNING, COMPLETED, DIED)
SB_WIRE_ENUM(RunScriptStatus, IDLE, STARTING, RUNNING, STOPPING, COMPLETED, FAILED)
SB_WIRE_ENUM(SessionStatus, IDLE, RUNNING, PAUSED, COMPLETED, FAILED)
SB_WIRE_ENUM(SessionProvider, CLAUDE, CODEX)
SB_WIRE_ENUM(SessionRuntimePhase, loading, starting, running, idle, stopping, error)
SB_WIRE_ENUM(SessionRuntimeProcessState, unknown, alive, stopped)
SB_WIRE_ENUM(SessionRuntimeActivity, WORKING, IDLE)
SB_WIRE_ENUM(PendingRequestType, plan_approval, user_question, permission_request)
SB_WIRE_ENUM(TerminalState, open, busy, idle, closed)
SB_WIRE_ENUM(FlowPhase, NO_PR, CI_WAIT, RATCHET_VERIFY, RATCHET_FIXING, READY, MERGED)
SB_WIRE_ENUM(CiObservation, NOT_FETCHED, NO_CHECKS, CHECKS_PENDING, CHECKS_FAILED, CHECKS_PASSED,
             CHECKS_UNKNOWN)
SB_WIRE_ENUM(SidebarActivityState, WORKING, IDLE)
SB_WIRE_ENUM(SidebarCiState, NONE, RUNNING, FAILING, PASSING, UNKNOWN, CLOSED, MERGED, CONFLICT)
SB_WIRE_ENUM(KanbanColumn, WORKING, WAITING, DONE)
SB_WIRE_ENUM(StatusReasonTone, neutral, working, waiting, attention, success, danger)
SB_WIRE_ENUM(StatusReasonCode, NEEDS_PERMISSION, NEEDS_PLAN_APPROVAL, NEEDS_ANSWER, SESSION_ERROR,
             SETTING_UP, SETUP_FAILED, ARCHIVING, ARCHIVED, AGENT_WORKING, STARTING_SESSION,
             AUTO_ITERATING, WAITING_FOR_CI, FIXING_CI_FAILURES, FIXING_REVIEW_COMMENTS,
             FIXING_MERGE_CONFLICT, MERGE_CONFLICT, RATCHET_STALLED, CHECKING_PR, MERGED, PR_CLOSED,
             READY_TO_MERGE, READY_FOR_REVIEW, NO_SESSION_STARTED, READY_FOR_NEXT_PROMPT)
SB_WIRE_ENUM(FieldGroup, workspace, pr, session, ratchet, runScript, reconciliation)

/// Why a fact looks as it does (architecture, section 6; protocol, section 2).
SB_WIRE_ENUM(Freshness, live, stale, unknown, degraded, rate_limited)

#undef SB_WIRE_ENUM

/// Out of every view unless asked for by name (architecture, section 6).
[[nodiscard]] constexpr bool is_hidden(WorkspaceStatus status) {
  return status == WorkspaceStatus::ARCHIVING || status == WorkspaceStatus::ARCHIVED;
}

}  // namespace sb::model
