#include "base.h"

#include <algorithm>
#include <array>

#include "sb/git_cli/repository.h"

#include "refs.h"

namespace sb::git_cli {
namespace {

std::array<std::string, 2> refs_called(const std::string& branch) {
  return {"refs/remotes/origin/" + branch, "refs/heads/" + branch};
}

}  // namespace

std::vector<std::string> base_candidates(const WorktreePlace& place,
                                         const std::optional<std::string>& origin_head) {
  std::vector<std::string> candidates;
  if (place.default_branch && !place.default_branch->empty()) {
    for (auto& ref : refs_called(*place.default_branch)) candidates.push_back(std::move(ref));
  }
  if (origin_head) candidates.push_back(*origin_head);
  for (const char* usual : {"refs/remotes/origin/main", "refs/remotes/origin/master",
                            "refs/heads/main", "refs/heads/master"}) {
    candidates.emplace_back(usual);
  }
  return candidates;
}

std::optional<bool> has_base_branch(const Repository& repository, const std::string& branch) {
  const auto names = refs_called(branch);
  const auto look = [&] {
    RefReader refs(repository.common_dir, repository.common_dir);
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& name) { return refs.resolve(name).has_value(); });
  };
  if (RefReader(repository.common_dir, repository.common_dir).needs_git()) return std::nullopt;
  // While git packs refs, one may be gone from its file after the packed ones were read.
  return look() || look();
}

}  // namespace sb::git_cli
