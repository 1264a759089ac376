#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sb/model/elements.h"
#include "sb/model/enums.h"

// Derivation: pure functions of one consistent set of raw facts (contract, section 5). No clock, no
// state.

namespace sb::snapshot {

/// The facts derivation looks at, after dependent facts were settled.
struct DeriveInput {
  model::WorkspaceStatus status = model::WorkspaceStatus::NEW;
  model::WorkspaceMode mode = model::WorkspaceMode::STANDARD;
  std::optional<model::AutoIterationStatus> auto_iteration_status;
  bool has_had_sessions = false;
  bool has_pr_url = false;
  model::PrState pr_state = model::PrState::NONE;
  model::CiStatus pr_ci_status = model::CiStatus::UNKNOWN;
  bool has_merge_conflict = false;
  bool is_working = false;
  bool is_session_starting = false;
  bool has_session_error = false;
  std::optional<model::PendingRequestType> pending_request_type;
  bool ratchet_enabled = false;
  model::RatchetState ratchet_state = model::RatchetState::IDLE;
  bool dispatch_stalled = false;
  friend bool operator==(const DeriveInput&, const DeriveInput&) = default;
};

struct Derived {
  model::SidebarStatus sidebar_status;
  std::optional<model::KanbanColumn> kanban_column;
  model::FlowPhase flow_phase = model::FlowPhase::NO_PR;
  model::CiObservation ci_observation = model::CiObservation::NOT_FETCHED;
  bool ratchet_button_animated = false;
  model::StatusReason status_reason;
  friend bool operator==(const Derived&, const Derived&) = default;
};

[[nodiscard]] Derived derive(const DeriveInput& input);

/// What a rule looks at: the facts, and what was derived from them before it.
struct RuleInput {
  const DeriveInput& facts;
  model::CiObservation ci = model::CiObservation::NOT_FETCHED;
  model::FlowPhase flow = model::FlowPhase::NO_PR;
};

/// One row of a table of derivation: the first that holds decides.
template <class Value, class Input = RuleInput>
struct Rule {
  std::string_view name;  ///< the condition in words
  Value value;
  bool (*holds)(const Input&);
};

/// The precedence chain of contract section 5.7, in order.
using ReasonRule = Rule<model::StatusReasonCode>;
[[nodiscard]] std::span<const ReasonRule> reason_rules();

/// Label, tone, needsUser and column of a code (contract, section 5.8): a total table.
[[nodiscard]] model::StatusReason status_reason(model::StatusReasonCode code);
[[nodiscard]] std::optional<model::KanbanColumn> kanban_column(model::StatusReasonCode code);

/// What the state of auto-fix follows from (contract, section 5.1).
struct RatchetInput {
  bool enabled = false;
  model::PrState pr_state = model::PrState::NONE;
  model::CiStatus ci_status = model::CiStatus::UNKNOWN;
  bool has_merge_conflict = false;
  bool changes_requested = false;  ///< the raw review decision, because a draft hides it in PrState
};
using RatchetRule = Rule<model::RatchetState, RatchetInput>;
[[nodiscard]] model::RatchetState derive_ratchet_state(const RatchetInput& input);

/// Contract section 5.6 and 7.3, over one session.
[[nodiscard]] bool is_session_working(const model::SessionSummary& session);
[[nodiscard]] bool is_session_starting(const model::SessionSummary& session);
/// What a session shows says that it has been started once (input of hasHadSessions).
[[nodiscard]] bool session_was_started(const model::SessionSummary& session);
[[nodiscard]] bool has_session_error(const model::SessionSummary& session);
/// Its text; nothing when there is no error.
[[nodiscard]] std::optional<std::string> session_error(const model::SessionSummary& session);

}  // namespace sb::snapshot
