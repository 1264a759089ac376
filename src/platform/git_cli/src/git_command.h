#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/process_runner.h"
#include "sb/git_cli/worktree_reader.h"

namespace sb::git_cli {

/// A git process in a worktree that takes no lock, asks nobody, and does not depend on the user's
/// taste: see the README for what is neutralised and what is kept.
ProcessSpec git_command(const std::string& worktree, std::vector<std::string> arguments,
                        std::chrono::milliseconds timeout);

/// What went wrong, in our words, from a failed git process.
ReadProblem explain_failure(const std::string& worktree, const ProcessOutput& output);
ReadProblem explain_failure(const Error& error);

/// worktree_missing or not_a_repository, when that can be seen without git.
std::optional<ReadProblem> look_for_worktree(const std::string& worktree);

}  // namespace sb::git_cli
