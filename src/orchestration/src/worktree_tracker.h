#pragma once

#include <string>

#include "sb/git/git_service.h"
#include "sb/model/ids.h"

namespace sb::orchestration {

/// Whom OwnView tells which worktrees to keep current: the git domain. Thread: confined to the
/// loop.
struct WorktreeTracker {
  virtual ~WorktreeTracker() = default;
  virtual void track_project(const model::ProjectId& project, std::string common_dir) = 0;
  virtual void untrack_project(const model::ProjectId& project) = 0;
  virtual void track(git::Worktree worktree) = 0;
  virtual void untrack(const model::WorkspaceId& id) = 0;
};

}  // namespace sb::orchestration
