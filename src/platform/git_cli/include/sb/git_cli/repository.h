#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/result.h"

// What can be known of a git repository by reading files, without a process: enough for the first
// baseline.

namespace sb::git_cli {

struct Repository {
  std::string main_path;   ///< main worktree, or the bare repository itself; canonical
  std::string common_dir;  ///< canonical
  bool bare = false;
};

/// Finds the repository that holds `path` (a worktree, a directory below one, a git directory, a
/// bare repository). Errors: not_found with a sentence for the user.
Result<Repository> discover(const std::string& path);

/// Whether worktrees can be compared with a branch of this name: a local one, or one of origin that
/// was fetched. Nothing where only git can tell, because refs are not files.
[[nodiscard]] std::optional<bool> has_base_branch(const Repository& repository,
                                                  const std::string& branch);

/// Where HEAD points.
struct Head {
  std::optional<std::string> branch;  ///< short name; empty when detached
  std::optional<std::string>
      oid;                 ///< empty when the branch is unborn, or refs are not files (reftable)
  bool needs_git = false;  ///< reftable: ask git instead
};
Result<Head> read_head(const std::string& git_dir, const std::string& common_dir);

/// Identity of a private git directory: a removed and re-created one differs, a moved worktree does
/// not.
struct GitDirIdentity {
  std::string path;
  std::uint64_t device = 0, inode = 0;
  std::int64_t birth_ns = 0;  ///< 0 where the file system does not tell
  friend bool operator==(const GitDirIdentity&, const GitDirIdentity&) = default;
};

struct WorktreeRecord {
  std::string path;     ///< absolute
  std::string git_dir;  ///< private git directory
  GitDirIdentity identity;
  bool is_main = false;
  bool missing = false;     ///< listed by git, folder gone
  bool being_made = false;  ///< `git worktree add` is at work on it, or was cut off
  WallTime created_at{};    ///< birth of the private git directory, else its oldest known time
  Head head;
  std::optional<std::string> problem;  ///< HEAD unreadable, …: a sentence
};

/// The worktrees git would list, main first (none if bare), by reading `<common>/worktrees/*`.
Result<std::vector<WorktreeRecord>> list_worktrees(const Repository& repository);

/// True between the first file of a worktree and its checkout: HEAD may name no commit yet.
[[nodiscard]] bool is_being_made(const std::string& git_dir);

/// merge rebase cherry-pick revert bisect, from the files of the private git directory.
std::optional<std::string> operation_in_progress(const std::string& git_dir);

}  // namespace sb::git_cli
