#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/git_cli/worktree_reader.h"

namespace sb::git_cli {

inline constexpr std::string_view kOriginHead = "refs/remotes/origin/HEAD";

/// The refs a worktree may be compared with, best first: what was configured, else what the remote
/// calls its default, else the usual names. A remote's branch goes before a local one, which is
/// often stale. `origin_head`: the target of the symbolic ref kOriginHead.
std::vector<std::string> base_candidates(const WorktreePlace& place,
                                         const std::optional<std::string>& origin_head);

}  // namespace sb::git_cli
