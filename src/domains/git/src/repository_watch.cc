#include "repository_watch.h"

#include <utility>

namespace sb::git {

RepositoryWatch::RepositoryWatch(fs_watch::Watcher& watcher, std::string common_dir)
    : watcher_(watcher), common_dir_(std::move(common_dir)) {}

RepositoryWatch::~RepositoryWatch() {
  for (const auto id : ids_) {
    if (id != 0) watcher_.remove(id);
  }
}

fs_watch::WatchId RepositoryWatch::watch(Part part) {
  auto& id = ids_[index(part)];
  if (id != 0) return 0;
  switch (part) {
    case Part::common:
      id = watcher_.watch_directory(common_dir_);
      break;
    case Part::refs:
      id = watcher_.watch_tree(
          common_dir_ + "/refs",
          [refs = common_dir_ + "/refs"](std::string_view directory, std::string_view name) {
            // Tags move no branch; a lock is not a ref yet.
            return (directory == refs && name == "tags") || name.ends_with(".lock");
          });
      break;
    case Part::worktrees:
      // A new worktree's files are written one after the other: each is told, so that no reader is
      // left with the first of them.
      id = watcher_.watch_tree(
          common_dir_ + "/worktrees",
          [root = common_dir_ + "/worktrees"](std::string_view directory, std::string_view name) {
            return directory != root && name != "HEAD" && name != "gitdir" && name != "locked";
          });
      break;
    case Part::info:
      id = watcher_.watch_directory(common_dir_ + "/info");
      break;
    case Part::reftable:
      id = watcher_.watch_directory(common_dir_ + "/reftable");
      break;
  }
  return id;
}

void RepositoryWatch::lost(Part part) {
  auto& id = ids_[index(part)];
  if (id != 0) watcher_.remove(std::exchange(id, 0));
}

const RepositoryWatch::Part* RepositoryWatch::part_named(std::string_view name) {
  static constexpr Part kWorktrees = Part::worktrees;
  static constexpr Part kInfo = Part::info;
  static constexpr Part kReftable = Part::reftable;
  if (name == "worktrees") return &kWorktrees;
  if (name == "info") return &kInfo;
  if (name == "reftable") return &kReftable;
  return nullptr;
}

}  // namespace sb::git
