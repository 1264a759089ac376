#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sb::git_cli {

struct UntrackedCount {
  std::int64_t files = 0;
  std::int64_t lines = 0;
};

/// Counts untracked files and their lines as git would if they were added: binary files have none,
/// a last line without its end counts, a symbolic link is one line. Directories (ending in '/') are
/// nested repositories and are no files. Files above the limits have no lines.
UntrackedCount count_untracked(const std::string& root, const std::vector<std::string>& paths);

}  // namespace sb::git_cli
