#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/elements.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::workspace {

// Paths are bytes as the system has them and may be no UTF-8; names, branches and problem texts are
// valid UTF-8.

/// A registered repository.
struct ProjectRow {
  model::ProjectId id;
  std::string name;
  std::string repo_path;   ///< main worktree, or the bare repository; canonical, absolute
  std::string common_dir;  ///< `.git` of the main worktree; canonical, absolute
  std::optional<std::string>
      default_branch;  ///< as configured by the user; empty: found out by the git domain
  WallTime created_at{};
  std::uint64_t stamp = 0;  ///< own counter at its last commit
  std::optional<model::Problem>
      problem;  ///< not a column: found when last enumerated (bare, default_branch_missing, …)
};

/// One workspace. Columns of the table, except `problem`. ARCHIVED rows are kept as long as their
/// worktree is there, and are told once.
struct WorkspaceRow {
  model::WorkspaceId id;
  model::ProjectId project;
  std::string name;
  model::WorkspaceStatus status = model::WorkspaceStatus::NEW;
  WallTime created_at{};
  std::optional<std::string> branch_name;  ///< empty: detached HEAD
  std::string worktree_path;
  std::string git_dir;  ///< private git directory, to which the id is bound; empty: none made yet
  bool is_main = false;
  std::uint64_t stamp = 0;  ///< own counter at its last commit
  std::optional<model::Problem>
      problem;  ///< found when last enumerated (worktree_missing, …), else why it is FAILED
};

/// Code of the problem a workspace has whose worktree or set-up failed.
inline constexpr std::string_view kSetupFailed = "setup_failed";

/// There is a folder git can say something of. One whose set-up failed is as good as any.
[[nodiscard]] inline bool can_be_read(const WorkspaceRow& row) {
  return !row.git_dir.empty() && (!row.problem || row.problem->code == kSetupFailed);
}

/// What the domain tells, always after the commit.
struct ProjectChanged {
  ProjectRow row;
};
struct ProjectRemoved {
  model::ProjectId id;
  std::uint64_t stamp = 0;
};
struct WorkspaceChanged {
  WorkspaceRow row;
};
struct WorkspaceRemoved {
  model::WorkspaceId id;
  model::ProjectId project;
  std::uint64_t stamp = 0;
};
using Event = std::variant<ProjectChanged, ProjectRemoved, WorkspaceChanged, WorkspaceRemoved>;

/// All rows as one read saw them, without the archived ones.
struct Contents {
  std::vector<ProjectRow> projects;
  std::vector<WorkspaceRow> workspaces;
  std::uint64_t fence = 0;      ///< own counter, taken before the read began
  std::uint64_t stamp_max = 0;  ///< highest stamp of any row
};

}  // namespace sb::workspace
