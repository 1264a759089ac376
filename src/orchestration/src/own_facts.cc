#include "own_facts.h"

#include "sb/core/utf8.h"

namespace sb::orchestration {

using model::Facts;

model::FactPatch to_facts(const workspace::WorkspaceRow& row) {
  model::FactPatch patch;
  patch.set<&Facts::projectId>(row.project);
  patch.set<&Facts::name>(row.name);
  patch.set<&Facts::status>(row.status);
  patch.set<&Facts::createdAt>(row.created_at);
  patch.set<&Facts::branchName>(row.branch_name);
  patch.set<&Facts::worktreePath>(to_valid_utf8(row.worktree_path));
  patch.set<&Facts::isMain>(row.is_main);
  return patch;
}

model::FactPatch to_facts(const git::GitFacts& facts) {
  model::FactPatch patch;
  patch.set<&Facts::gitStats>(facts.stats);
  patch.set<&Facts::ahead>(facts.ahead);
  patch.set<&Facts::behind>(facts.behind);
  patch.set<&Facts::operation>(facts.operation);
  if (facts.last_activity_at) patch.set<&Facts::lastActivityAt>(facts.last_activity_at);
  return patch;
}

model::ProjectInfo to_info(const workspace::ProjectRow& row) {
  model::ProjectInfo info;
  info.id = row.id;
  info.name = row.name;
  info.repoPath = to_valid_utf8(row.repo_path);
  info.defaultBranch = row.default_branch;
  info.problem = row.problem;
  info.createdAt = row.created_at;
  return info;
}

git::Worktree to_worktree(const workspace::WorkspaceRow& row,
                          const workspace::ProjectRow& project) {
  return {row.id,      row.project,        row.worktree_path,
          row.git_dir, project.common_dir, project.default_branch};
}

}  // namespace sb::orchestration
