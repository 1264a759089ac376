#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sb/git_cli/branch_links.h"
#include "sb/github/types.h"

#include "question.h"

// Which pull request belongs to a worktree. Pure.

namespace sb::github {

/// A branch of ours on a GitHub host.
struct Head {
  Repository repository;           ///< where it is pushed to, or fetched from
  std::string branch;              ///< its name there
  std::optional<std::string> oid;  ///< what was last seen there
  bool upstream = false;
  bool push_target = false;
};

/// Where a worktree stands, in GitHub's words.
struct Standing {
  std::string branch;  ///< local; empty: detached
  std::string head_oid;
  std::vector<Head> heads;  ///< push target and upstream first
};

/// Remotes that are no URL of some host are left out; `is_github` decides about hosts.
template <class IsGithub>
[[nodiscard]] Standing to_standing(const git_cli::BranchLinks& links, IsGithub&& is_github);

/// What to ask: every repository for every name the branch has in ours, the push target first.
[[nodiscard]] std::vector<Lookup> lookups_of(const Standing& standing);

/// The pull request of the worktree among what was found; null: there is none. Never by name alone:
/// an open one has to be of a branch that this one is linked to (pushed to, tracking, or held
/// already) or at the same commit; a closed or merged one counts at exactly the commit HEAD is at,
/// or while HEAD has not moved since we knew it as ours. Open beats closed, the held one beats
/// others, then the newest.
[[nodiscard]] const PullRequest* choose(const Standing& standing, const PrRow& held,
                                        std::span<const PullRequest> found);

/// Still open, in any review state.
[[nodiscard]] bool is_open(model::PrState state);

Standing make_standing(const git_cli::BranchLinks& links, std::vector<Head> heads);
Head make_head(Repository repository, const git_cli::RemoteBranch& remote);
std::optional<Repository> repository_of(const git_cli::RemoteBranch& remote);

template <class IsGithub>
Standing to_standing(const git_cli::BranchLinks& links, IsGithub&& is_github) {
  std::vector<Head> heads;
  for (const auto& remote : links.remotes) {
    auto repository = repository_of(remote);
    if (repository && is_github(repository->host)) {
      heads.push_back(make_head(*std::move(repository), remote));
    }
  }
  return make_standing(links, std::move(heads));
}

}  // namespace sb::github
