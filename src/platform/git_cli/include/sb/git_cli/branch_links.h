#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"

// Where a worktree's branch lives outside: its remotes, its upstream and what was last seen there.
// By reading files, without a process.

namespace sb::git_cli {

/// One remote of a repository, and the branch of it that belongs to the worktree's branch.
struct RemoteBranch {
  std::string remote;              ///< for instance "origin"
  std::string url;                 ///< as fetched from, after `url.*.insteadOf`
  std::string branch;              ///< the short name there
  std::optional<std::string> oid;  ///< the remote-tracking ref: what was last fetched or pushed
  bool upstream = false;           ///< configured as the branch's upstream
  bool push_target = false;        ///< where a plain push of the branch goes
};

struct BranchLinks {
  /// Short name; kept through a rebase, which detaches HEAD. Empty: detached.
  std::optional<std::string> branch;
  std::optional<std::string> head_oid;  ///< empty: unborn, or refs only git can read
  std::vector<RemoteBranch> remotes;    ///< in the order of the config
};

/// Reads HEAD, the refs and the configuration of the repository and of the user (not of the
/// machine; includes are not followed). Blocks: workers only. Errors: those of `read_head`.
Result<BranchLinks> read_branch_links(const std::string& git_dir, const std::string& common_dir);

}  // namespace sb::git_cli
