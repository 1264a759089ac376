#pragma once

#include <string>

#include "sb/core/result.h"
#include "sb/git_cli/repository.h"

#include "refs.h"

namespace sb::git_cli {

/// The public read_head with a shared reader, so that many worktrees load packed-refs once. `refs`
/// must be set to `git_dir`.
Result<Head> read_head(const std::string& git_dir, RefReader& refs);

}  // namespace sb::git_cli
