#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/facts.h"
#include "sb/model/ids.h"
#include "sb/snapshot/derive.h"
#include "sb/snapshot/entry.h"

#include "change_index.h"
#include "elements.h"
#include "field_revisions.h"
#include "history.h"
#include "origins.h"
#include "pr_identity.h"
#include "sparse.h"

namespace sb::snapshot {

struct ProjectState;

/// What is published where it is not simply the raw fact: dependent facts after settling, and what
/// derives.
struct Shown {
  bool is_working = false;
  bool has_had_sessions = false;
  std::optional<model::PendingRequestType> pending_request_type;
  model::RatchetState ratchet_state = model::RatchetState::IDLE;
  std::optional<WallTime> last_activity_at;
  model::FieldSet voided;   ///< raw facts that speak of an earlier pull request: shown with the
                            ///< contract's default
  model::FieldSet unknown;  ///< `unknownFields`
  Derived derived;
  friend bool operator==(const Shown&, const Shown&) = default;
};

/// What is known of the agents of one workspace.
struct AgentState {
  Elements<model::SessionSummary> sessions;
  Elements<model::PendingRequest> pending;
  Elements<model::Terminal> terminals;
  std::vector<Origin> session_marks;  ///< per source: its latest session fact, also late ones
  std::vector<Origin> pending_marks;  ///< per source: its latest session or request fact
  std::vector<Origin>
      started_marks;  ///< per source: its latest evidence that a session had started
};

/// Which pull requests one workspace was said to have.
struct PrIdentity {
  PrIdentityLog numbers;
  PrIdentityLog urls;
};

inline constexpr std::uint32_t kNoDraft = 0xFFFFFFFF;

/// Everything the store holds of one workspace. What acceptance looks at stands first.
/// Thread: confined to the loop, inside the store.
struct Entity {
  model::WorkspaceId id;
  ScalarOrigins origins;
  SourceStamps touched;            ///< per source: its newest fact here
  SourceStamps floors;             ///< per source: removed as of then, and re-created since
  std::uint64_t last_event = 0;    ///< ingest of the last fact that no pass brought
  std::uint32_t draft = kNoDraft;  ///< its place among the drafts of the open commit
  model::FieldSet dirty;           ///< candidates for a visible change
  ProjectState* project = nullptr;
  std::shared_ptr<EntryText> text;  ///< changed in place while nobody else holds it
  model::Facts facts;
  Sparse<AgentState> agents;
  Sparse<PrIdentity> pr;

  std::unique_ptr<HistoryRing> history;  ///< null until something changed

  Shown shown;
  FieldRevisions field_revisions;
  Revision revision = 0;
  Revision created_revision = 0;
  GroupTimes group_times{};
  WallTime computed_at{};
  IndexNode node{.entity = this};  ///< its place in the change index of its project

  Entity() = default;
  Entity(const Entity&) = delete;
  Entity& operator=(const Entity&) = delete;
  [[nodiscard]] bool hidden() const { return model::is_hidden(facts.status); }
  /// Fields that somebody said something of.
  [[nodiscard]] model::FieldSet reported() const {
    model::FieldSet fields = origins.known();
    if (agents->sessions.reported()) fields.insert(model::Field::sessionSummaries);
    if (agents->pending.reported()) fields.insert(model::Field::pendingRequests);
    if (agents->terminals.reported()) fields.insert(model::Field::terminals);
    return fields;
  }
};

inline const model::WorkspaceId& IndexNode::id() const {
  return entity != nullptr ? entity->id : static_cast<const IndexTombstone*>(this)->id;
}

/// How one settled state came about, for explain.
struct SettleTrace {
  /// An explicit fact of a dependent field, and what it was weighed against.
  struct Dependent {
    model::Field field;
    bool stated = false;
    bool counts = false;
    std::optional<Origin> newer;  ///< what it is older than, when it does not count for that
    std::optional<model::Field> newer_field;  ///< the field that speaks of, when it is one
  };
  DeriveInput input;
  RatchetInput ratchet;
  std::vector<Dependent> dependent;
  std::vector<std::pair<model::Field, Origin>> voided;  ///< and who named the present pull request
};

/// Settles dependent facts and derives; pure. Fills all of Shown, and `trace` when there is one.
[[nodiscard]] Shown settle(const Entity& entity, SettleTrace* trace = nullptr);

/// True when newer stamps of `accepted` scalars, or newer values of `moved` ones, can settle
/// differently. What became known, elements and pull requests can as well, whatever they hold.
[[nodiscard]] bool can_settle_differently(model::FieldSet accepted, model::FieldSet moved);

/// True when a pending request still stands: its session did not end after it was raised.
[[nodiscard]] bool is_request_shown(const Entity& entity,
                                    const Elements<model::PendingRequest>::Slot& request);

/// Marks the latest session fact (or evidence of a start) of a source.
void raise_mark(std::vector<Origin>& marks, const Origin& origin);

}  // namespace sb::snapshot
