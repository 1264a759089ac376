#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "sb/fs_watch/watcher.h"
#include "sb/model/ids.h"

namespace sb::git {

/// The watches of one shared git directory. Thread: confined to the loop. Borrows the watcher.
class RepositoryWatch {
 public:
  enum class Part { common, refs, worktrees, info, reftable };
  static constexpr std::array<Part, 5> kParts{Part::common, Part::refs, Part::worktrees, Part::info,
                                              Part::reftable};

  RepositoryWatch(fs_watch::Watcher& watcher, std::string common_dir);
  ~RepositoryWatch();
  RepositoryWatch(const RepositoryWatch&) = delete;
  RepositoryWatch& operator=(const RepositoryWatch&) = delete;

  /// Begins to watch a part that is not watched; returns its id, 0 when it was watched already.
  fs_watch::WatchId watch(Part part);
  /// The watcher said that the part is not there.
  void lost(Part part);
  [[nodiscard]] fs_watch::WatchId id(Part part) const { return ids_[index(part)]; }
  [[nodiscard]] const std::string& common_dir() const { return common_dir_; }

  /// The part kept in the directory `name` of the shared git directory, if it comes and goes.
  static const Part* part_named(std::string_view name);

  std::set<model::ProjectId> projects;     ///< tracked as such
  std::set<model::WorkspaceId> worktrees;  ///< tracked worktrees of it
  bool degraded = false;                   ///< some part cannot be watched: polled

 private:
  static std::size_t index(Part part) { return static_cast<std::size_t>(part); }

  fs_watch::Watcher& watcher_;
  std::string common_dir_;
  std::array<fs_watch::WatchId, kParts.size()> ids_{};
};

}  // namespace sb::git
