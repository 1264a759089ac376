#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/describe.hpp>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/elements.h"
#include "sb/model/facts.h"

// Events of external producers: POST /api/events (protocol, section 5). One struct per type,
// described once.

namespace sb::model {

struct WorkspaceStateChanged {
  ProjectId projectId;
  WorkspaceStatus status = WorkspaceStatus::NEW;
  Opinion<std::string> name;
  Opinion<std::optional<std::string>> branchName;
  Opinion<WallTime> createdAt;
  Opinion<std::optional<std::string>> worktreePath;
};
BOOST_DESCRIBE_STRUCT(WorkspaceStateChanged, (),
                      (projectId, status, name, branchName, createdAt, worktreePath))
static_assert(all_members_described<WorkspaceStateChanged>());

struct WorkspaceUpdated {
  Opinion<std::string> name;
  Opinion<std::optional<std::string>> branchName;
  Opinion<WorkspaceMode> mode;
  Opinion<std::optional<AutoIterationStatus>> autoIterationStatus;
  Opinion<bool> hasHadSessions;
};
BOOST_DESCRIBE_STRUCT(WorkspaceUpdated, (),
                      (name, branchName, mode, autoIterationStatus, hasHadSessions))
static_assert(all_members_described<WorkspaceUpdated>());

struct WorkspaceRemoved {};

struct SessionChanged {
  SessionSummary session;
};

struct SessionRemoved {
  std::string sessionId;
};
BOOST_DESCRIBE_STRUCT(SessionRemoved, (), (sessionId))
static_assert(all_members_described<SessionRemoved>());

struct SessionActivityChanged {
  std::string sessionId;
  bool isWorking = false;
};
BOOST_DESCRIBE_STRUCT(SessionActivityChanged, (), (sessionId, isWorking))
static_assert(all_members_described<SessionActivityChanged>());

/// `type` is classified from toolName and input by the rules of contract section 6 while reading.
struct SessionPendingRequestChanged {
  std::string sessionId;
  std::string requestId;
  bool pending = false;
  PendingRequestType type = PendingRequestType::permission_request;
};

struct GithubPrSnapshotUpdated {
  std::optional<std::int64_t> prNumber;
  PrState prState = PrState::NONE;
  CiStatus prCiStatus = CiStatus::UNKNOWN;
  Opinion<std::optional<std::string>> prUrl;
  Opinion<std::optional<std::string>> prReviewState;
  Opinion<bool> hasMergeConflict;
  Opinion<std::optional<WallTime>> prUpdatedAt;
  static constexpr bool kJsonStrict = true;
};
BOOST_DESCRIBE_STRUCT(GithubPrSnapshotUpdated, (),
                      (prNumber, prState, prCiStatus, prUrl, prReviewState, hasMergeConflict,
                       prUpdatedAt))
static_assert(all_members_described<GithubPrSnapshotUpdated>());

struct GithubPrUrlAttached {
  std::optional<std::string> prUrl;
  static constexpr bool kJsonStrict = true;
};
BOOST_DESCRIBE_STRUCT(GithubPrUrlAttached, (), (prUrl))
static_assert(all_members_described<GithubPrUrlAttached>());

struct RatchetToggled {
  bool enabled = false;
};
BOOST_DESCRIBE_STRUCT(RatchetToggled, (), (enabled))
static_assert(all_members_described<RatchetToggled>());

struct RatchetStateChanged {
  RatchetState ratchetState = RatchetState::IDLE;
  Opinion<CiStatus> prCiStatus;
};
BOOST_DESCRIBE_STRUCT(RatchetStateChanged, (), (ratchetState, prCiStatus))
static_assert(all_members_described<RatchetStateChanged>());

struct RatchetDispatchChanged {
  std::optional<RatchetDispatchOutcome> ratchetDispatchOutcome;
  std::int64_t ratchetDispatchRetryCount = 0;
  bool ratchetDispatchStalled = false;
  static constexpr bool kJsonStrict = true;
};
BOOST_DESCRIBE_STRUCT(RatchetDispatchChanged, (),
                      (ratchetDispatchOutcome, ratchetDispatchRetryCount, ratchetDispatchStalled))
static_assert(all_members_described<RatchetDispatchChanged>());

struct RunScriptStatusChanged {
  RunScriptStatus runScriptStatus = RunScriptStatus::IDLE;
  Opinion<std::optional<std::int64_t>> port;
};
BOOST_DESCRIBE_STRUCT(RunScriptStatusChanged, (), (runScriptStatus, port))
static_assert(all_members_described<RunScriptStatusChanged>());

struct TerminalChanged {
  std::string terminalId;
  TerminalState state = TerminalState::open;
  Opinion<std::optional<std::string>> title;
  Opinion<std::optional<WallTime>> lastActivityAt;
};
BOOST_DESCRIBE_STRUCT(TerminalChanged, (), (terminalId, state, title, lastActivityAt))
static_assert(all_members_described<TerminalChanged>());

struct AutoIterationStatusChanged {
  WorkspaceMode mode = WorkspaceMode::STANDARD;
  std::optional<AutoIterationStatus> status;
  static constexpr bool kJsonStrict = true;
};
BOOST_DESCRIBE_STRUCT(AutoIterationStatusChanged, (), (mode, status))
static_assert(all_members_described<AutoIterationStatusChanged>());

/// This source has now restated everything of that project.
struct SourceSynced {
  ProjectId projectId;
};
BOOST_DESCRIBE_STRUCT(SourceSynced, (), (projectId))
static_assert(all_members_described<SourceSynced>());

/// Any raw fields of an entry, for producers that already hold a projection.
struct SnapshotFacts {
  FactPatch facts;
};

using EventData =
    std::variant<WorkspaceStateChanged, WorkspaceUpdated, WorkspaceRemoved, SessionChanged,
                 SessionRemoved, SessionActivityChanged, SessionPendingRequestChanged,
                 GithubPrSnapshotUpdated, GithubPrUrlAttached, RatchetToggled, RatchetStateChanged,
                 RatchetDispatchChanged, RunScriptStatusChanged, TerminalChanged,
                 AutoIterationStatusChanged, SourceSynced, SnapshotFacts>;

/// The wire text of each alternative of EventData, in its order.
inline constexpr std::array<std::string_view, std::variant_size_v<EventData>> kEventTypes{
    "workspace.state_changed",
    "workspace.updated",
    "workspace.removed",
    "session.changed",
    "session.removed",
    "session.activity_changed",
    "session.pending_request_changed",
    "github.pr_snapshot_updated",
    "github.pr_url_attached",
    "ratchet.toggled",
    "ratchet.state_changed",
    "ratchet.dispatch_changed",
    "run_script.status_changed",
    "terminal.changed",
    "auto_iteration.status_changed",
    "source.synced",
    "snapshot.facts"};

/// One CloudEvent, checked. Identifiers are at most kIdBytesMax bytes.
struct ExternalEvent {
  ExternalEvent();  // of its own, or a list that makes one fills it with zeros before

  std::string id;         ///< unique per source
  std::string source;     ///< the producer
  WorkspaceId workspace;  ///< `subject`; empty only for source.synced
  std::optional<std::uint64_t> sequence;
  std::string source_epoch;  ///< empty: the producer does not name its life
  EventData data;

  [[nodiscard]] std::string_view type() const { return kEventTypes[data.index()]; }
};
inline ExternalEvent::ExternalEvent() = default;

/// Reads one CloudEvents 1.0 JSON object into a fresh event. Errors: invalid_argument (unsupported
/// for a type we do not know), with the path relative to the event ("$.data.prNumber"); what was
/// read until then is of no use.
[[nodiscard]] Result<void> parse_event(const JsonValue& value, ExternalEvent& into);

/// Classifies a pending request (contract, section 6): plan before question before anything else.
[[nodiscard]] PendingRequestType classify_pending_request(std::string_view tool_name,
                                                          std::optional<JsonValue> input);

}  // namespace sb::model
