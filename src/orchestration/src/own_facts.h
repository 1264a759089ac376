#pragma once

#include "sb/git/git_service.h"
#include "sb/model/facts.h"
#include "sb/model/project.h"
#include "sb/workspace/types.h"

namespace sb::orchestration {

/// What a workspace row states. `problem` is left out: two domains have a word in it.
[[nodiscard]] model::FactPatch to_facts(const workspace::WorkspaceRow& row);
/// What a read of git states, without `problem`.
[[nodiscard]] model::FactPatch to_facts(const git::GitFacts& facts);
[[nodiscard]] model::ProjectInfo to_info(const workspace::ProjectRow& row);
[[nodiscard]] git::Worktree to_worktree(const workspace::WorkspaceRow& row,
                                        const workspace::ProjectRow& project);

}  // namespace sb::orchestration
