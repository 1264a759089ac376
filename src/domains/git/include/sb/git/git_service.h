#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/metrics.h"
#include "sb/core/process_runner.h"
#include "sb/core/worker_pool.h"
#include "sb/model/elements.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"

namespace sb::fs_watch {
class Watcher;
}

namespace sb::git {

/// A worktree to keep an eye on.
struct Worktree {
  model::WorkspaceId id;
  model::ProjectId project;
  std::string path;                           ///< absolute
  std::string git_dir;                        ///< private git directory
  std::string common_dir;                     ///< shared git directory
  std::optional<std::string> default_branch;  ///< configured; empty: found out
  friend bool operator==(const Worktree&, const Worktree&) = default;
};

/// What one read of a worktree found. `stamp` was taken before the read began (hint mode,
/// architecture section 7). A failed read keeps the last good stats marked stale, and says why in
/// `problem`.
struct GitFacts {
  model::WorkspaceId id;
  model::Stamp stamp;
  std::optional<model::GitStats> stats;  ///< null: nothing to measure
  std::optional<std::int64_t> ahead, behind;
  std::optional<std::string> operation;
  std::optional<model::Problem> problem;
  std::optional<WallTime> last_activity_at;
};

struct GitHealth {
  std::size_t worktrees = 0;
  std::size_t watched = 0;
  std::size_t degraded = 0;  ///< polled, because watches ran out or the file system gives no events
  std::size_t failing = 0;   ///< last read failed
  std::size_t directories_watched = 0;
};

struct GitOptions {
  std::size_t processes_max = 2;                     // git jobs at once
  std::chrono::milliseconds debounce{100};           // trailing
  std::chrono::milliseconds debounce_max{500};       // oldest unread change
  std::chrono::milliseconds timeout{10'000};         // of one git process
  std::chrono::seconds degraded_poll{60};            // of worktrees beyond the watch budget
  std::chrono::milliseconds index_lock_wait{1'000};  // while somebody holds index.lock or makes it
};

/// Keeps branch, diff size and operation of worktrees current: watched, debounced with a maximum
/// wait, at most a few git processes at once, one read in flight per worktree, no lock file ever
/// created, nothing spawned for an idle worktree. Lifecycle: construct (it listens to the watcher
/// from then on), set listeners, `track` worktrees; destroy it on the loop. Thread: confined to the
/// loop. Borrows what it is given; processes and workers must outlive reads in flight.
class GitService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    ProcessRunner& processes;
    fs_watch::Watcher& watcher;
    const Clock& clock;
    model::OwnCounter& counter;
    Metrics& metrics;
    Logger log;
  };
  GitService(Deps deps, GitOptions options);
  ~GitService();

  struct Listeners {
    std::function<void(const GitFacts&)> facts;  ///< a read ended
    /// The set of worktrees, a HEAD, or which branch they are compared with may have changed.
    std::function<void(const model::ProjectId&)> worktrees;
    /// A read saw that HEAD, the branch or what a remote has of it moved since the read before:
    /// somebody committed, switched, pushed or fetched. Told after the facts of that read.
    std::function<void(const model::WorkspaceId&)> moved;
  };
  void listen(Listeners listeners);

  /// Watches a project's common directory, so that added, moved and removed worktrees are noticed
  /// (also with none tracked).
  void track_project(const model::ProjectId& project, std::string common_dir);
  void untrack_project(const model::ProjectId& project);
  /// Starts (or, if anything differs, restarts) keeping a worktree current and reads it once.
  void track(Worktree worktree);
  void untrack(const model::WorkspaceId& id);

  /// Marks a worktree dirty: one read follows, whatever is in flight.
  void refresh(const model::WorkspaceId& id);

  /// The pass: compares HEAD, index, refs and operation files by `stat` on a worker and re-reads
  /// the worktrees where they moved without a watch event having marked them. `done(n)`: n
  /// worktrees had moved unnoticed. Spawns nothing else.
  void check(const model::ProjectId& project, std::function<void(std::size_t moved)> done);

  [[nodiscard]] GitHealth health() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::git
