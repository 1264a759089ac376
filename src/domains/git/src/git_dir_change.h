#pragma once

#include <string_view>

namespace sb::git {

/// What a change of a name in a git directory means.
enum class GitDirChange {
  none,       ///< locks, messages, notes to itself
  index,      ///< staged, committed, checked out
  head,       ///< another branch or commit is checked out
  operation,  ///< a merge, rebase, … began or ended
  config,
  refs,      ///< some ref moved
  place,     ///< worktrees were added, moved, locked or removed
  excludes,  ///< info/exclude may have come or gone
};

/// Names git writes that say nothing (its locks first of all) are `none`: an allow-list, so that
/// somebody else's `git status`, which creates and removes index.lock, causes no read.
[[nodiscard]] GitDirChange classify_git_dir_change(std::string_view name);

}  // namespace sb::git
