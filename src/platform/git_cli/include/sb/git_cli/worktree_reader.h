#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/process_runner.h"
#include "sb/core/result.h"

// What only git can tell of a worktree: how far it is from its base, and what is untracked or
// ignored. Never takes a lock, never runs a program or prompt of the user's configuration, never
// uses the network.

namespace sb::git_cli {

/// A worktree to read.
struct WorktreePlace {
  std::string path;                           ///< absolute
  std::string git_dir;                        ///< private git directory
  std::string common_dir;                     ///< shared git directory
  std::optional<std::string> default_branch;  ///< configured; empty: found out
};

/// Size of a worktree against its merge base; untracked files are counted apart.
struct Stats {
  std::int64_t total = 0;  ///< files
  std::int64_t additions = 0;
  std::int64_t deletions = 0;
  bool has_uncommitted = false;  ///< untracked files count here
  std::int64_t untracked_files = 0;
  std::int64_t untracked_additions = 0;  ///< lines
  friend bool operator==(const Stats&, const Stats&) = default;
};

/// Why a worktree could not be read: worktree_missing, not_a_repository, dubious_ownership,
/// git_timeout, git_failed; and a sentence in valid UTF-8.
struct ReadProblem {
  std::string code;
  std::string message;
};

/// The refs a reading depends on, read from files.
struct RefState {
  std::optional<std::string> branch;
  std::optional<std::string> head;  ///< oid
  std::optional<std::string> base;  ///< full name of the ref we compare with
  std::optional<std::string> base_oid;
  std::optional<std::string> upstream_oid;
  /// (remote, oid) of the remote-tracking refs called like the branch: what was pushed or fetched
  /// of it, also where no upstream is set. In order of the names.
  std::vector<std::pair<std::string, std::string>> published;
  bool known = false;  ///< false where refs are not files: then all is empty
  friend bool operator==(const RefState&, const RefState&) = default;
};

/// What can be seen of a worktree by `stat` and small reads: if it is unchanged, so is HEAD, the
/// index, and what git would say of refs.
struct Fingerprint {
  struct File {
    std::uint64_t inode = 0;
    std::int64_t size = -1;  ///< -1: absent
    std::int64_t changed_ns = 0;
    friend bool operator==(const File&, const File&) = default;
  };
  File root, dot_git;
  File head, index;
  File reftable;  ///< the list of tables, where refs are kept in them
  std::uint64_t config =
      0;  ///< hash of the repository's config, without other branches and remotes
  RefState refs;
  std::optional<std::string> operation;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

struct ReadOptions {
  /// Also list what is ignored.
  bool list_ignored = false;
  /// Paths below the worktree, relative to it: which of them are ignored?
  std::vector<std::string> ask_ignored;
};

struct Reading {
  std::optional<Stats> stats;  ///< empty exactly when there is a problem
  std::optional<std::int64_t> ahead;
  std::optional<std::int64_t> behind;
  std::optional<std::string> operation;
  std::optional<ReadProblem> problem;
  std::optional<std::string> upstream;
  /// Relative paths; a directory ends in '/'. Empty: not asked, or too many to list.
  std::optional<std::vector<std::string>> ignored;
  std::vector<std::string> ignored_of_asked;  ///< the asked ones that are, as they were asked
};

/// The fingerprint now. `upstream`: as the last reading said. Blocks on files only, spawns nothing.
Fingerprint take_fingerprint(const WorktreePlace& place,
                             const std::optional<std::string>& upstream);

/// When the worktree was last worked on, as far as its git directory tells: the newest of HEAD's
/// log and the index.
std::optional<WallTime> last_git_activity(const std::string& git_dir);

/// True while somebody holds the index.
[[nodiscard]] bool index_is_locked(const std::string& git_dir);

/// Runs git for one worktree at a time. Blocks: workers only. Thread-safe.
/// Borrows the runner.
class WorktreeReader {
 public:
  static constexpr std::size_t kOutputBytesMax = 32U << 20U;          ///< of one git process
  static constexpr std::size_t kUntrackedFileBytesMax = 1U << 20U;    ///< larger: no lines counted
  static constexpr std::size_t kUntrackedTotalBytesMax = 64U << 20U;  ///< read in one reading

  WorktreeReader(ProcessRunner& runner, std::chrono::milliseconds timeout)
      : runner_(runner), timeout_(timeout) {}

  /// `refs`: of the fingerprint taken just before.
  [[nodiscard]] Reading read(const WorktreePlace& place, const RefState& refs,
                             const ReadOptions& options) const;

 private:
  ProcessRunner& runner_;
  std::chrono::milliseconds timeout_;
};

}  // namespace sb::git_cli
