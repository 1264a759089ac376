#include "git_dir_change.h"

#include <array>
#include <utility>

namespace sb::git {

GitDirChange classify_git_dir_change(std::string_view name) {
  using enum GitDirChange;
  static constexpr std::array<std::pair<std::string_view, GitDirChange>, 16> kNames{{
      {"index", index},
      {"HEAD", head},
      {"MERGE_HEAD", operation},
      {"CHERRY_PICK_HEAD", operation},
      {"REVERT_HEAD", operation},
      {"BISECT_LOG", operation},
      {"rebase-merge", operation},
      {"rebase-apply", operation},
      {"sequencer", operation},
      {"config", config},
      {"config.worktree", config},
      {"packed-refs", refs},
      {"worktrees", place},
      {"gitdir", place},
      {"locked", place},
      {"info", excludes},
  }};
  for (const auto& [known, change] : kNames) {
    if (name == known) return change;
  }
  return none;
}

}  // namespace sb::git
