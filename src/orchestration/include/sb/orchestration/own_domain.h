#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "sb/core/result.h"
#include "sb/model/facts.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/orchestration/source_state.h"
#include "sb/snapshot/update.h"
#include "sb/workspace/types.h"

namespace sb::orchestration {

class DriftLog;

/// Looks up what the workspace domain has told, for views of other domains that need a path or a
/// branch. Thread: confined to the loop. Pointers live until the next event.
struct WorkspaceDirectory {
  virtual ~WorkspaceDirectory() = default;
  [[nodiscard]] virtual const workspace::WorkspaceRow* workspace(
      const model::WorkspaceId& id) const = 0;
  [[nodiscard]] virtual const workspace::ProjectRow* project(const model::ProjectId& id) const = 0;
  virtual void each_workspace(
      const std::function<void(const workspace::WorkspaceRow&)>& visit) const = 0;
};

/// The innermost visible workspace whose worktree holds `directory` (absolute, canonical), if any.
[[nodiscard]] std::optional<model::WorkspaceId> workspace_at(const WorkspaceDirectory& workspaces,
                                                             std::string_view directory);

/// Where a view puts the facts of its domain: our own source, whose stamps are of the one counter
/// of all our domains (rows: at commit; reads: taken before they begin).
/// Thread: confined to the loop.
struct OwnFactSink {
  virtual ~OwnFactSink() = default;
  /// `label`: source of the entry on the wire, for instance "event:pr_snapshot_updated". `cause`
  /// `pass`: an applied change is drift, to be told to the DriftLog.
  virtual snapshot::Applied state(const model::WorkspaceId& id, model::Stamp stamp,
                                  model::FactPatch patch, std::string_view label,
                                  snapshot::Update::Cause cause) = 0;
};

/// One of our own domains beside workspace and git, as the engine sees it: a view maps the domain's
/// events to facts, reads it back in each pass, and lets go of a workspace that ends. Implemented
/// in this room, one class a domain; built by the program and handed to `Engine::add` before
/// `start`. Thread: confined to the loop.
class OwnDomain {
 public:
  virtual ~OwnDomain() = default;
  /// States what the tables hold, inside the commit that fills the store; rows of workspaces are
  /// there already. Blocks: the loop does not run yet.
  virtual Result<void> load() = 0;
  /// The server is ready: collectors, timers and processes may begin.
  virtual void start() = 0;
  /// Nothing is emitted or begun any more. Called once, before the domains go.
  virtual void stop() = 0;
  /// One pass: fence, read, apply, count corrections (`drift.note`); a rejected key is read once
  /// more. Calls `done` exactly once, also after a failure.
  virtual void reconcile(DriftLog& drift, std::function<void()> done) = 0;
  /// A workspace appeared or its row changed (path, branch, status).
  virtual void workspace_changed(const workspace::WorkspaceRow& row) { (void)row; }
  /// Somebody committed, switched, pushed or fetched in the worktree: a hint, told after the facts
  /// of the read that saw it. What happened, the domain finds out itself.
  virtual void git_moved(const model::WorkspaceId& id) { (void)id; }
  /// The last agent that worked in the workspace stopped working: a hint.
  virtual void agent_stopped(const model::WorkspaceId& id) { (void)id; }
  /// The workspace is about to be archived or deleted, or to stay after all: end every process that
  /// runs for it, drop nothing. Calls `done` exactly once, when no process is left.
  virtual void halt(const model::WorkspaceId& id, std::function<void()> done) {
    (void)id;
    std::exchange(done, nullptr)();
  }
  /// The workspace is archived or deleted, or its project removed: stop everything that runs for it
  /// and drop every row and side map. Calls `done` exactly once, when nothing of it is left.
  virtual void release(const model::WorkspaceId& id, std::function<void()> done) = 0;
  /// For /readyz, the snapshot read and `mark`.
  [[nodiscard]] virtual EngineSource health() const = 0;
};

}  // namespace sb::orchestration
