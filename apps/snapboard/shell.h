#pragma once

#include <string>

namespace sb::app {

struct ShellOptions {
  std::string socket;
  std::string workspace;
};
/// `snapboard shell`: the user's shell in the worktree, on a terminal of its own below the user's,
/// which nobody should notice; the server is told what happens on it, whenever there is one.
/// Answers the exit code of the shell.
int shell(const ShellOptions& options);

}  // namespace sb::app
