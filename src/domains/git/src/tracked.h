#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "sb/core/clock.h"
#include "sb/fs_watch/watcher.h"
#include "sb/git/git_service.h"
#include "sb/git_cli/worktree_reader.h"

#include "skip_set.h"

namespace sb::git {

/// Activity is told in steps, so that it does not change with every keystroke.
[[nodiscard]] inline WallTime in_activity_steps(WallTime time) {
  constexpr std::chrono::seconds kStep{10};
  return WallTime(time.time_since_epoch() - time.time_since_epoch() % kStep);
}

/// Everything the service knows of one worktree. Thread: confined to the loop.
struct Tracked {
  Worktree worktree;
  std::uint64_t life = 0;  ///< a result for an earlier life of the same id is dropped
  git_cli::WorktreePlace place;

  /// What a read must do besides reading.
  struct Wishes {
    bool content = false;               ///< ask git, whatever the fingerprint says
    bool learn = false;                 ///< list what is ignored
    std::set<std::string> directories;  ///< new, relative: is any of them ignored?
    std::set<std::string> suspects;     ///< changed, relative, without effect: likewise

    /// Takes back what a read did not do.
    void add(Wishes&& undone) {
      content = content || undone.content;
      learn = learn || undone.learn;
      directories.merge(undone.directories);
      suspects.merge(undone.suspects);
    }
  };
  Wishes next{true, true, {}, {}};  ///< of the next read
  Wishes running;                   ///< of the one in flight
  std::set<std::string> changed;    ///< relative paths since a read had an effect; the first few
  std::optional<MonoTime> locked_since;

  // What the last reads said.
  std::optional<git_cli::Fingerprint> fingerprint;
  std::optional<git_cli::Stats> stats;  ///< last good
  std::optional<std::int64_t> ahead;
  std::optional<std::int64_t> behind;
  std::optional<std::string> upstream;
  std::optional<WallTime> activity;
  bool failing = false;
  std::uint32_t failures = 0;  ///< in a row

  // Watches; 0: none.
  std::shared_ptr<SkipSet> skip = std::make_shared<SkipSet>();
  fs_watch::WatchId tree = 0;
  fs_watch::WatchId git_dir =
      0;  ///< of a linked worktree; the main one's belongs to the repository
  fs_watch::WatchId ancestor = 0;  ///< waits for a missing folder to come back
  std::string ancestor_path;
  bool installed = false;  ///< the tree is watched completely
  bool degraded = false;
  bool degraded_told = false;

  [[nodiscard]] bool is_main() const { return worktree.git_dir == worktree.common_dir; }

  static constexpr std::size_t kDirectoriesMax = 20'000;  // new ones to ask for; more: list anew
  static constexpr std::size_t kChangedMax = 256;         // remembered changed paths
};

}  // namespace sb::git
