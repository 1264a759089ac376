#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/git/git_service.h"
#include "sb/orchestration/own_domain.h"
#include "sb/snapshot/store.h"
#include "sb/workspace/types.h"

#include "drift.h"
#include "worktree_tracker.h"

namespace sb::orchestration {

/// What our own domains say, on its way into the store: workspaces and projects as rows, and what
/// git reads of them. Keeps the rows it has told, because two domains have a word in `problem`, and
/// tells the git domain what to track. Pure: no I/O. Thread: confined to the loop. Borrows what it
/// is given.
class OwnView final : public WorkspaceDirectory, public OwnFactSink {
 public:
  OwnView(snapshot::Store& store, WorktreeTracker& git, const Clock& clock, Logger log)
      : store_(&store), git_(&git), clock_(&clock), log_(std::move(log)) {}

  /// Answers the workspaces that are gone with it.
  std::vector<model::WorkspaceId> take(const workspace::Event& event);
  void take(const workspace::ProjectRow& row);
  void take(const workspace::WorkspaceRow& row);
  void take(const git::GitFacts& facts);
  std::vector<model::WorkspaceId> forget(const model::ProjectId& id);

  /// Called after facts about the sessions of a workspace were applied.
  void on_sessions(std::function<void(const model::WorkspaceId&)> listener) {
    on_sessions_ = std::move(listener);
  }

  /// Called when a domain spoke of a workspace that had to go for want of room: the next pass takes
  /// it back, because passes alone never do.
  void on_missed(std::function<void()> listener) { on_missed_ = std::move(listener); }

  /// Worktrees are tracked from now on: the first baseline does not wait for git.
  void start_tracking();

  struct Pass {
    bool rejected = false;  ///< some key was newer than the read and wants another one
    std::vector<model::WorkspaceId> removed;
    bool taken_back = false;  ///< some workspace is here again, and the domains have to restate it
  };
  /// Applies what a pass read, and what is absent from it, at the fence taken before the read.
  Pass reconcile(const workspace::Contents& contents, DriftLog& drift);

  [[nodiscard]] const workspace::WorkspaceRow* workspace(
      const model::WorkspaceId& id) const override;
  [[nodiscard]] const workspace::ProjectRow* project(const model::ProjectId& id) const override;
  void each_workspace(
      const std::function<void(const workspace::WorkspaceRow&)>& visit) const override;
  snapshot::Applied state(const model::WorkspaceId& id, model::Stamp stamp, model::FactPatch patch,
                          std::string_view label, snapshot::Update::Cause cause) override;

  [[nodiscard]] const std::map<model::ProjectId, workspace::ProjectRow>& projects() const {
    return projects_;
  }
  [[nodiscard]] std::optional<MonoTime> last_git_ok() const { return last_git_ok_; }

 private:
  struct Known {
    workspace::WorkspaceRow row;
    std::optional<model::Problem> git_problem;
  };
  snapshot::Applied apply(const model::WorkspaceId& id, model::Stamp stamp, model::FactPatch patch,
                          std::string_view label, snapshot::Update::Cause cause);
  void remove(const model::WorkspaceId& id, std::uint64_t stamp, std::string_view label);
  void remember(const workspace::WorkspaceRow& row, bool appeared);
  void track(const Known& known);
  void keep_stats_as_stale(model::FactPatch& patch, const model::WorkspaceId& id) const;
  snapshot::Store* store_;
  WorktreeTracker* git_;
  const Clock* clock_;
  Logger log_;
  std::map<model::ProjectId, workspace::ProjectRow> projects_;
  std::unordered_map<model::WorkspaceId, Known> rows_;
  std::function<void(const model::WorkspaceId&)> on_sessions_;
  std::function<void()> on_missed_;
  std::unordered_set<model::WorkspaceId> missed_;  // spoken of since the pass before
  bool tracking_ = false;
  std::optional<MonoTime> last_git_ok_;
};

}  // namespace sb::orchestration
