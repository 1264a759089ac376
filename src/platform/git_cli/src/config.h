#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sb::git_cli {

/// What we need of a repository's own config to find its main worktree.
struct RepositoryConfig {
  std::optional<bool> bare;             ///< core.bare
  std::optional<std::string> worktree;  ///< core.worktree, as written
  bool worktree_config = false;         ///< extensions.worktreeConfig
};

/// Calls `entry("section.key", value)` for each entry, section and key in lower case (subsections
/// as written). Lenient: what git would refuse is skipped. Includes are not followed.
void parse_config(std::string_view text,
                  const std::function<void(std::string_view name, std::string_view value)>& entry);

/// Reads `<common>/config`, and `<common>/config.worktree` where that extension is on. An
/// unreadable file has no entries.
RepositoryConfig read_repository_config(const std::string& common_dir);

}  // namespace sb::git_cli
