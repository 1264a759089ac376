#pragma once

#include <optional>
#include <string>
#include <string_view>

// Absolute paths without '/' at the end, as text.

namespace sb::git {

[[nodiscard]] inline bool is_below(std::string_view path, std::string_view root) {
  return path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/';
}

/// `directory`/`name` relative to `root`; nothing when it is not below.
[[nodiscard]] inline std::optional<std::string> relative_to(std::string_view root,
                                                            std::string_view directory,
                                                            std::string_view name) {
  std::string path(directory);
  (path += '/') += name;
  if (!is_below(path, root)) return std::nullopt;
  return path.substr(root.size() + 1);
}

/// A path git names below `root`; a folder's '/' at the end is dropped.
[[nodiscard]] inline std::string absolute_below(const std::string& root,
                                                std::string_view relative) {
  if (relative.ends_with('/')) relative.remove_suffix(1);
  return (root + "/").append(relative);
}

}  // namespace sb::git
