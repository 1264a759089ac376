#include "match.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "remote_url.h"

namespace sb::github {
namespace {

// One worktree asks about few repositories, however many remotes there are.
constexpr std::size_t kRepositoriesMax = 4;

bool is_held(const Standing& standing, const PrRow& held, const PullRequest& found) {
  return held.observed && held.number == found.number && held.branch == standing.branch &&
         same_repository(held.repository, found.repository);
}

/// The branch of ours that is the pull request's head.
const Head* head_of(const Standing& standing, const PullRequest& found) {
  const Head* best = nullptr;
  for (const Head& head : standing.heads) {
    if (head.branch != found.head_branch) continue;
    if (!found.head_owner || !same_name(*found.head_owner, head.repository.owner)) continue;
    if (best == nullptr || head.oid) best = &head;
  }
  return best;
}

bool belongs(const Standing& standing, const PrRow& held, const PullRequest& found) {
  const bool at_head = !standing.head_oid.empty() && found.head_commit == standing.head_oid;
  const bool ours = is_held(standing, held, found);
  const Head* head = head_of(standing, found);
  if (is_open(found.state)) {
    if (ours) return true;
    return head != nullptr && (at_head || head->oid || head->upstream);
  }
  if (ours && held.head_oid == standing.head_oid) return true;
  // The fork of an old pull request may be gone, and its owner with it.
  return at_head && (head != nullptr || !found.head_owner || ours);
}

}  // namespace

bool is_open(model::PrState state) {
  using model::PrState;
  return state == PrState::OPEN || state == PrState::DRAFT || state == PrState::APPROVED ||
         state == PrState::CHANGES_REQUESTED;
}

std::optional<Repository> repository_of(const git_cli::RemoteBranch& remote) {
  return parse_remote_url(remote.url);
}

Head make_head(Repository repository, const git_cli::RemoteBranch& remote) {
  return {std::move(repository), remote.branch, remote.oid, remote.upstream, remote.push_target};
}

Standing make_standing(const git_cli::BranchLinks& links, std::vector<Head> heads) {
  std::stable_sort(heads.begin(), heads.end(), [](const Head& a, const Head& b) {
    return std::tuple(!a.push_target, !a.upstream) < std::tuple(!b.push_target, !b.upstream);
  });
  return {links.branch.value_or(""), links.head_oid.value_or(""), std::move(heads)};
}

std::vector<Lookup> lookups_of(const Standing& standing) {
  std::vector<Lookup> lookups;
  if (standing.branch.empty() || standing.heads.empty()) return lookups;
  // Names other than the push target's only matter where they are known to exist.
  std::vector<std::string> names;
  for (const Head& head : standing.heads) {
    const bool known = head.push_target || head.upstream || head.oid || names.empty();
    if (!head.branch.empty() && known &&
        std::find(names.begin(), names.end(), head.branch) == names.end()) {
      names.push_back(head.branch);
    }
  }
  std::vector<Repository> repositories;
  for (const Head& head : standing.heads) {
    const auto same = [&](const Repository& r) { return same_repository(r, head.repository); };
    if (repositories.size() < kRepositoriesMax &&
        std::none_of(repositories.begin(), repositories.end(), same)) {
      repositories.push_back(head.repository);
    }
  }
  for (const auto& repository : repositories) {
    for (const auto& name : names) lookups.push_back({repository, name, std::nullopt});
  }
  return lookups;
}

const PullRequest* choose(const Standing& standing, const PrRow& held,
                          std::span<const PullRequest> found) {
  const PullRequest* best = nullptr;
  const auto rank = [&](const PullRequest& pr) {
    return std::tuple(is_open(pr.state), is_held(standing, held, pr), pr.number);
  };
  for (const PullRequest& pr : found) {
    if (!belongs(standing, held, pr)) continue;
    if (best == nullptr || rank(pr) > rank(*best)) best = &pr;
  }
  return best;
}

}  // namespace sb::github
