#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_codec.h"
#include "sb/model/elements.h"
#include "sb/model/enums.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"

namespace sb::model {

/// The raw scalar facts of one workspace, with the contract's defaults (section 3.1) and the
/// protocol's extra members. Member order is the order of `Field`, checked below, so that a member
/// and its Field have the same index.
struct Facts {
  // workspace
  ProjectId projectId;
  std::string name;
  WorkspaceStatus status = WorkspaceStatus::NEW;
  std::optional<WallTime> createdAt;  ///< "" on the wire when unknown
  std::optional<std::string> branchName;
  bool hasHadSessions = false;
  WorkspaceMode mode = WorkspaceMode::STANDARD;
  std::optional<AutoIterationStatus> autoIterationStatus;
  bool isMain = false;
  std::optional<std::string> worktreePath;
  // pr
  std::optional<std::string> prUrl;
  std::optional<std::int64_t> prNumber;
  PrState prState = PrState::NONE;
  CiStatus prCiStatus = CiStatus::UNKNOWN;
  std::optional<WallTime> prUpdatedAt;
  bool hasMergeConflict = false;
  std::optional<std::string> prReviewState;
  std::optional<std::string> prHeadBranch;
  // session
  bool isWorking = false;
  std::optional<PendingRequestType> pendingRequestType;
  // ratchet
  bool ratchetEnabled = false;
  RatchetState ratchetState = RatchetState::IDLE;
  std::optional<RatchetDispatchOutcome> ratchetDispatchOutcome;
  std::int64_t ratchetDispatchRetryCount = 0;
  bool ratchetDispatchStalled = false;
  // runScript
  RunScriptStatus runScriptStatus = RunScriptStatus::IDLE;
  std::optional<std::int64_t> runScriptPort;
  // reconciliation
  std::optional<GitStats> gitStats;
  std::optional<WallTime> lastActivityAt;
  std::optional<std::int64_t> ahead;
  std::optional<std::int64_t> behind;
  std::optional<std::string> operation;  ///< merge rebase cherry-pick revert bisect
  std::optional<Problem> problem;

  friend bool operator==(const Facts&, const Facts&) = default;
};
BOOST_DESCRIBE_STRUCT(Facts, (),
                      (projectId, name, status, createdAt, branchName, hasHadSessions, mode,
                       autoIterationStatus, isMain, worktreePath, prUrl, prNumber, prState,
                       prCiStatus, prUpdatedAt, hasMergeConflict, prReviewState, prHeadBranch,
                       isWorking, pendingRequestType, ratchetEnabled, ratchetState,
                       ratchetDispatchOutcome, ratchetDispatchRetryCount, ratchetDispatchStalled,
                       runScriptStatus, runScriptPort, gitStats, lastActivityAt, ahead, behind,
                       operation, problem))
static_assert(all_members_described<Facts>());

/// Changes to one collection of elements. `whole`: `upserts` is the complete list, a fenced absence
/// of all others.
template <class Element>
struct ElementsPatch {
  std::vector<Element> upserts;
  std::vector<std::string> removals;  ///< element ids
  bool whole = false;
  [[nodiscard]] bool empty() const { return upserts.empty() && removals.empty() && !whole; }
};

/// What one source states about one workspace at one stamp: some scalars, some elements. Absent
/// means "no opinion".
struct FactPatch {
  Facts values;
  FieldSet present;  ///< which scalars of `values` are stated
  ElementsPatch<SessionSummary> sessions;
  ElementsPatch<PendingRequest> pending;
  ElementsPatch<Terminal> terminals;

  /// States one scalar: `patch.set<&Facts::name>("x")`.
  template <auto Member, class T>
  FactPatch& set(T&& value);
  [[nodiscard]] bool has_elements() const {  ///< something of a collection is stated
    return !sessions.empty() || !pending.empty() || !terminals.empty();
  }
  [[nodiscard]] bool empty() const { return present.empty() && !has_elements(); }
};

/// The Field of a member of Facts, at compile time: `field_of<&Facts::name>() == Field::name`.
template <auto Member>
consteval Field field_of();

/// Element ids: a session by its id, a pending request by session and request, a terminal by its
/// id.
[[nodiscard]] inline const std::string& element_id(const SessionSummary& session) {
  return session.sessionId;
}
[[nodiscard]] inline const std::string& element_id(const Terminal& terminal) {
  return terminal.id;
}
[[nodiscard]] std::string pending_request_id(std::string_view session_id,
                                             std::string_view request_id);
[[nodiscard]] inline std::string element_id(const PendingRequest& request) {
  return pending_request_id(request.sessionId, request.requestId);
}

using FactsMembers = boost::describe::describe_members<Facts, boost::describe::mod_public>;
static_assert(boost::mp11::mp_size<FactsMembers>::value == kScalarCount);

template <auto Member>
consteval Field field_of() {
  std::size_t index = 0;
  std::size_t found = kScalarCount;
  boost::mp11::mp_for_each<FactsMembers>([&](auto described) {
    if constexpr (std::is_same_v<std::remove_cv_t<decltype(described.pointer)>,
                                 std::remove_cv_t<decltype(Member)>>) {
      if (described.pointer == Member) found = index;
    }
    ++index;
  });
  return static_cast<Field>(found);
}

template <auto Member, class T>
FactPatch& FactPatch::set(T&& value) {
  values.*Member = std::forward<T>(value);
  present.insert(field_of<Member>());
  return *this;
}

}  // namespace sb::model
