#include "sb/orchestration/own_domain.h"

namespace sb::orchestration {

std::optional<model::WorkspaceId> workspace_at(const WorkspaceDirectory& workspaces,
                                               std::string_view directory) {
  std::optional<model::WorkspaceId> found;
  std::size_t longest = 0;
  workspaces.each_workspace([&](const workspace::WorkspaceRow& row) {
    const std::string& path = row.worktree_path;
    if (path.size() <= longest || !directory.starts_with(path) || model::is_hidden(row.status)) {
      return;
    }
    if (directory.size() != path.size() && directory[path.size()] != '/') return;
    found = row.id;
    longest = path.size();
  });
  return found;
}

}  // namespace sb::orchestration
