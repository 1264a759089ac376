#pragma once

#include <string>

#include "sb/core/result.h"

namespace sb::app {

/// Where a shell is to run.
struct ShellTarget {
  std::string directory;  ///< of the worktree: canonical
  std::string workspace;  ///< id; empty while there is no server to tell it
};

/// What a person means by `text` (id, name, branch, path): by the board, and without a server by
/// the repository we stand in, or the one of the path. Errors: not_found, conflict.
Result<ShellTarget> find_shell_target(const std::string& socket, const std::string& text);

/// The user's own shell: `$SHELL`, else the one of the account. Errors: not_found.
Result<std::string> users_shell();

}  // namespace sb::app
