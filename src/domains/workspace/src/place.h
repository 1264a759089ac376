#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/git_cli/worktree_changes.h"
#include "sb/workspace/lifecycle_steps.h"
#include "sb/workspace/workspace_commands.h"

// Where a new workspace goes: folder, branch and first commit, none of them in use.

namespace sb::workspace {

/// A folder and branch name after what a person wrote: lower case, with single dashes for
/// everything but letters, digits, dots and underscores; "workspace" when nothing is left.
[[nodiscard]] std::string slug(const std::string& name);

/// The folder for the worktrees of a project. `worktrees_dir`: see CommandOptions.
[[nodiscard]] std::string worktrees_folder(const ProjectRow& project,
                                           const std::string& worktrees_dir);

/// Chooses a free place and makes the folder it will be in. Blocks: workers only. Errors: those of
/// WorkspaceCommands::create.
Result<Plan> choose_place(const git_cli::RepositoryQuestions& questions,
                          const WorkspaceCommands::Wish& wish, const Survey& survey,
                          const std::string& worktrees_dir);

inline constexpr std::size_t kSlugBytesMax = 60;      // before a number
inline constexpr std::size_t kNumberedNamesMax = 99;  // tried: name, name-2, name-3, …

}  // namespace sb::workspace
