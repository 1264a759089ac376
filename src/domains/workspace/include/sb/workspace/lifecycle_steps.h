#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/core/error.h"
#include "sb/model/ids.h"
#include "sb/workspace/types.h"

// What the steps of a workspace's life carry, beside its row.

namespace sb::workspace {

/// A workspace about to be made: its place is chosen and free.
struct Plan {
  model::ProjectId project;
  std::string name;
  std::string branch;
  std::string worktree_path;  ///< bytes; its folder exists, it does not
  std::string commit;         ///< where the branch begins
};

/// A workspace being made.
struct Making {
  WorkspaceRow row;
  ProjectRow project;
  std::string branch;          ///< as planned
  std::string commit;          ///< where it begins
  bool worktree_made = false;  ///< an earlier attempt got as far as that
};

/// How the making of a workspace ended.
struct MakingEnd {
  std::optional<std::string> error;   ///< a sentence, and the tail of the output; empty: READY
  std::optional<std::string> branch;  ///< checked out now; empty: unknown or detached
  bool worktree_made = false;         ///< false: there is none, and none is kept in mind
  std::string output;                 ///< the last of what the set-up script wrote, bytes
  std::uint64_t output_end = 0;       ///< and how much it wrote in all
};

/// The kept output of a set-up script.
struct SetupOutput {
  std::string bytes;
  std::uint64_t end = 0;  ///< position after the last byte
};

/// What an archive does beside hiding the workspace.
struct ArchiveOrder {
  bool remove_worktree = false;
  bool force = false;   ///< also what would be lost
  bool forget = false;  ///< nothing is kept of the workspace: a delete
};

/// A worktree that lies in the folder of another one.
struct Inner {
  std::string name;
  std::string path;  ///< bytes
};

/// A workspace with what its commands need to know of it.
struct Found {
  WorkspaceRow row;
  ProjectRow project;
  std::optional<std::string> branch_made;  ///< the branch that was made with it
  std::string begins_at;                   ///< the commit that branch was made at
  std::vector<Inner> inside;               ///< workspaces of any project, archived ones too
};

/// Of a project: where its workspaces are, those not made yet too.
struct Survey {
  ProjectRow project;
  std::vector<std::string> paths;     ///< bytes
  std::vector<std::string> branches;  ///< of workspaces
};

/// The archived workspaces of a project.
struct Archived {
  std::vector<WorkspaceRow> rows;
  bool complete = true;  ///< false: there are older ones beyond the limit
};

/// What an earlier life of the server left unfinished.
struct Unfinished {
  std::vector<model::WorkspaceId> planned;  ///< NEW: nothing was begun
  std::vector<std::string> marks;           ///< of set-up scripts of which processes may be left
  std::vector<std::pair<model::WorkspaceId, ArchiveOrder>> archives;  ///< ARCHIVING
};

}  // namespace sb::workspace
