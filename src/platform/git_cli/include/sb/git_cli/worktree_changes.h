#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/process_runner.h"
#include "sb/core/result.h"

// Making and removing worktrees: what to ask before, and the git commands that do it. The commands
// are built here and run by their owner, who may need a file mask, a deadline and its output.

namespace sb::git_cli {

/// What removing a worktree would lose.
struct AtRisk {
  std::optional<std::string> branch;  ///< checked out; empty: detached
  std::size_t changed = 0;            ///< tracked files with uncommitted changes
  std::size_t untracked = 0;          ///< a directory with nothing else in it counts once
  std::size_t commits = 0;            ///< of HEAD, on no other branch, tag or remote
  std::optional<std::string> operation;
  std::vector<std::string> changed_names;    ///< the first of them, bytes
  std::vector<std::string> untracked_names;  ///< likewise

  [[nodiscard]] bool nothing() const {
    return changed == 0 && untracked == 0 && commits == 0 && !operation;
  }
  /// "2 changed files (a, b), 1 untracked file (c) and 3 commits that are on no other branch, tag
  /// or remote". Valid UTF-8.
  [[nodiscard]] std::string text() const;
};

/// Why git removes a worktree only by force, whatever else is in it: "it is locked (the reason)",
/// "it holds submodules, whose own commits go with it". Valid UTF-8. Nothing: it does not need
/// force, or it was left half made. Blocks on files: for workers.
[[nodiscard]] std::optional<std::string> only_by_force(const std::string& git_dir);
/// The same of git's own reason for not removing a worktree: whether force gets round it.
[[nodiscard]] bool force_helps(std::string_view failure_reason);

/// True for the same branch twice, and for one below the other: git keeps them like files, and
/// there is no "a/b" beside "a".
[[nodiscard]] bool branches_collide(std::string_view one, std::string_view other);

/// Questions git answers about a repository before something is changed in it. Takes no lock.
/// Blocks: workers only. Thread-safe. Borrows the runner.
class RepositoryQuestions {
 public:
  RepositoryQuestions(ProcessRunner& runner, std::chrono::milliseconds timeout)
      : runner_(runner), timeout_(timeout) {}

  /// The commit a revision names, in the repository that holds the folder `place`. Errors:
  /// not_found (no such revision), and those of the runner.
  [[nodiscard]] Result<std::string> commit_of(const std::string& place,
                                              const std::string& revision) const;
  /// The commit a new branch begins at unless told otherwise: that of the branch worktrees are
  /// compared with, else of HEAD. Errors: not_found (no commit yet), and those of the runner.
  [[nodiscard]] Result<std::string> default_start(
      const std::string& place, const std::optional<std::string>& default_branch) const;
  /// Errors: unavailable with git's reason, and those of the runner.
  [[nodiscard]] Result<bool> has_branch(const std::string& place, const std::string& branch) const;
  /// The branch, if any, because of which this one cannot be made: itself, or one that
  /// `branches_collide` with it. Errors: as has_branch.
  [[nodiscard]] Result<std::optional<std::string>> branch_in_the_way(
      const std::string& place, const std::string& branch) const;
  /// Errors: unavailable with git's reason, and those of the runner.
  [[nodiscard]] Result<AtRisk> at_risk(const std::string& worktree,
                                       const std::string& git_dir) const;

  static constexpr std::size_t kNamedMax = 5;  // names in AtRisk, each list

 private:
  Result<ProcessOutput> ask(const std::string& place, std::vector<std::string> arguments) const;
  ProcessRunner& runner_;
  std::chrono::milliseconds timeout_;
};

/// A new worktree at `path`, which must not exist, on `branch`.
struct NewWorktree {
  std::string path;
  std::string branch;
  std::string commit;        ///< where the branch begins
  bool branch_made = false;  ///< the branch is there already, at that commit
};
/// `git worktree add`. Hooks and filters of the user run, and missing objects are fetched, as they
/// would by hand; nothing prompts. The deadline and limits of the spec are its owner's to choose.
[[nodiscard]] ProcessSpec add_worktree(const std::string& place, const NewWorktree& worktree);
/// `git worktree remove`; `force` also removes what is changed, untracked or locked.
[[nodiscard]] ProcessSpec remove_worktree(const std::string& place, const std::string& path,
                                          bool force);
/// `git branch -D`.
[[nodiscard]] ProcessSpec delete_branch(const std::string& place, const std::string& branch);

/// git's own reason in what a failed process wrote: its first fatal or error line. Valid UTF-8.
[[nodiscard]] std::string failure_reason(std::string_view output);

/// True for a worktree git was stopped from completing: marked as being made, or without an index.
[[nodiscard]] bool is_half_made(const std::string& git_dir);

}  // namespace sb::git_cli
