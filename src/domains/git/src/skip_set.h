#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sb::git {

/// What is left unwatched in one worktree: git's own files, ignored paths, worktrees nested in it.
/// Thread-safe: the watcher's thread asks, the loop changes it. Paths are absolute, without '/' at
/// the end.
class SkipSet {
 public:
  static constexpr std::size_t kPathsMax = 50'000;  // more are not kept: they are watched then

  [[nodiscard]] bool skips(std::string_view directory, std::string_view name) const {
    if (name == ".git") return true;
    std::string path(directory);
    (path += '/') += name;
    const std::lock_guard lock(mutex_);
    return ignored_.contains(path) || nested_.contains(path);
  }

  void add_ignored(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (ignored_.size() < kPathsMax) ignored_.insert(path);
  }
  void add_nested(const std::string& path) {
    const std::lock_guard lock(mutex_);
    nested_.insert(path);
  }
  /// Replaces the ignored paths; returns those that are not ignored any more.
  std::vector<std::string> replace_ignored(std::unordered_set<std::string> paths) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> released;
    for (const auto& path : ignored_) {
      if (!paths.contains(path)) released.push_back(path);
    }
    ignored_ = std::move(paths);
    return released;
  }
  [[nodiscard]] std::vector<std::string> ignored() const {
    const std::lock_guard lock(mutex_);
    return {ignored_.begin(), ignored_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> ignored_;  // guarded by mutex_
  std::unordered_set<std::string> nested_;   // guarded by mutex_
};

}  // namespace sb::git
