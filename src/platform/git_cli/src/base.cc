#include "base.h"

namespace sb::git_cli {

std::vector<std::string> base_candidates(const WorktreePlace& place,
                                         const std::optional<std::string>& origin_head) {
  std::vector<std::string> candidates;
  if (place.default_branch && !place.default_branch->empty()) {
    candidates.push_back("refs/remotes/origin/" + *place.default_branch);
    candidates.push_back("refs/heads/" + *place.default_branch);
  }
  if (origin_head) candidates.push_back(*origin_head);
  for (const char* usual : {"refs/remotes/origin/main", "refs/remotes/origin/master",
                            "refs/heads/main", "refs/heads/master"}) {
    candidates.emplace_back(usual);
  }
  return candidates;
}

}  // namespace sb::git_cli
