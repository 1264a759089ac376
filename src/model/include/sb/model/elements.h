#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_codec.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

// The structured values an entry holds: members of its collections and its small records. Names are
// wire names.

namespace sb::model {

struct LastExit {
  std::optional<std::int64_t> code;
  WallTime timestamp{};
  bool unexpected = false;
  friend bool operator==(const LastExit&, const LastExit&) = default;
};
BOOST_DESCRIBE_STRUCT(LastExit, (), (code, timestamp, unexpected))
static_assert(all_members_described<LastExit>());

/// One agent session (contract, section 3.2). `activityKnown` false: shown as unknown, never as
/// idle.
struct SessionSummary {
  std::string sessionId;
  std::optional<std::string> name;
  std::optional<std::string> workflow;
  std::optional<std::string> model;
  std::optional<SessionProvider> provider;
  SessionStatus persistedStatus = SessionStatus::IDLE;
  SessionRuntimePhase runtimePhase = SessionRuntimePhase::idle;
  SessionRuntimeProcessState processState = SessionRuntimeProcessState::unknown;
  SessionRuntimeActivity activity = SessionRuntimeActivity::IDLE;
  WallTime updatedAt{};
  std::optional<LastExit> lastExit;
  std::optional<std::string> errorMessage;
  bool activityKnown = true;

  static constexpr std::array<std::string_view, 1> kJsonDefaulted{"activityKnown"};
  static constexpr std::array<std::string_view, 1> kJsonOmitEmpty{"provider"};
  friend bool operator==(const SessionSummary&, const SessionSummary&) = default;
};
BOOST_DESCRIBE_STRUCT(SessionSummary, (),
                      (sessionId, name, workflow, model, provider, persistedStatus, runtimePhase,
                       processState, activity, updatedAt, lastExit, errorMessage, activityKnown))
static_assert(all_members_described<SessionSummary>());

/// An interactive request an agent waits on, by identity (protocol, section 2).
struct PendingRequest {
  std::string sessionId;
  std::string requestId;
  PendingRequestType type = PendingRequestType::permission_request;
  WallTime at{};
  friend bool operator==(const PendingRequest&, const PendingRequest&) = default;
};
BOOST_DESCRIBE_STRUCT(PendingRequest, (), (sessionId, requestId, type, at))
static_assert(all_members_described<PendingRequest>());

struct Terminal {
  std::string id;
  TerminalState state = TerminalState::open;
  std::optional<std::string> title;
  std::optional<WallTime> lastActivityAt;  ///< moves in steps of 10 s
  static constexpr std::array<std::string_view, 1> kJsonOmitEmpty{"title"};
  friend bool operator==(const Terminal&, const Terminal&) = default;
};
BOOST_DESCRIBE_STRUCT(Terminal, (), (id, state, title, lastActivityAt))
static_assert(all_members_described<Terminal>());

/// Size of the worktree against its merge base (contract, section 13). Untracked files never enter
/// `total` or `additions`; `stale` means the last good value outlived a failed read.
struct GitStats {
  std::int64_t total = 0;      ///< files
  std::int64_t additions = 0;  ///< lines
  std::int64_t deletions = 0;  ///< lines
  bool hasUncommitted = false;
  std::int64_t untrackedFiles = 0;
  std::int64_t untrackedAdditions = 0;  ///< lines
  bool stale = false;
  static constexpr std::array<std::string_view, 3> kJsonDefaulted{"untrackedFiles",
                                                                  "untrackedAdditions", "stale"};
  friend bool operator==(const GitStats&, const GitStats&) = default;
};
BOOST_DESCRIBE_STRUCT(GitStats, (),
                      (total, additions, deletions, hasUncommitted, untrackedFiles,
                       untrackedAdditions, stale))
static_assert(all_members_described<GitStats>());

/// What is wrong with a workspace, for instance {"worktree_missing", "The folder … is gone."}
/// (protocol, section 2).
struct Problem {
  std::string code;
  std::string message;
  friend bool operator==(const Problem&, const Problem&) = default;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (code, message))
static_assert(all_members_described<Problem>());

struct SidebarStatus {
  SidebarActivityState activityState = SidebarActivityState::IDLE;
  SidebarCiState ciState = SidebarCiState::NONE;
  friend bool operator==(const SidebarStatus&, const SidebarStatus&) = default;
};
BOOST_DESCRIBE_STRUCT(SidebarStatus, (), (activityState, ciState))
static_assert(all_members_described<SidebarStatus>());

struct StatusReason {
  StatusReasonCode code = StatusReasonCode::SETTING_UP;
  std::string_view label;  ///< static text of the table in contract section 5.8
  StatusReasonTone tone = StatusReasonTone::working;
  bool needsUser = false;
  friend bool operator==(const StatusReason&, const StatusReason&) = default;
};
BOOST_DESCRIBE_STRUCT(StatusReason, (), (code, label, tone, needsUser))
static_assert(all_members_described<StatusReason>());

}  // namespace sb::model
