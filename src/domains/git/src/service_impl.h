#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sb/fs_watch/watcher.h"
#include "sb/git/git_service.h"

#include "event_inbox.h"
#include "git_dir_change.h"
#include "read_job.h"
#include "refresh_queue.h"
#include "repository_watch.h"
#include "tracked.h"

namespace sb::git {

/// Three files implement it: what callers ask (git_service.cc), what watch events mean
/// (service_events.cc), and how a read goes (service_reads.cc).
/// Thread: confined to the loop. Callbacks of workers hold it weakly.
struct GitService::Impl : std::enable_shared_from_this<Impl> {
  Impl(Deps deps, GitOptions options);
  ~Impl();
  void begin();

  // git_service.cc
  RepositoryWatch& repository(const std::string& common_dir);
  void release_repository(const std::string& common_dir);
  void track(Worktree worktree);
  void untrack(const model::WorkspaceId& id);
  void check(const model::ProjectId& project, std::function<void(std::size_t)> done);
  void finish_check(const std::vector<std::pair<model::WorkspaceId, git_cli::Fingerprint>>& seen,
                    const std::vector<git_cli::Fingerprint>& now,
                    const std::function<void(std::size_t)>& done);
  [[nodiscard]] GitHealth health() const;
  void tell_worktrees(const RepositoryWatch& repository);
  void tell_worktrees(const model::ProjectId& project);

  // service_events.cc
  struct Target {
    enum class Kind { repository, tree, git_dir, ancestor };
    Kind kind = Kind::repository;
    std::string common_dir;  ///< of a repository's part
    RepositoryWatch::Part part = RepositoryWatch::Part::common;
    model::WorkspaceId id;  ///< of a worktree's watch
  };
  void take(const EventInbox::Delivery& delivery);
  void take_event(const fs_watch::Event& event);
  void take_repository_event(const Target& target, const fs_watch::Event& event);
  void take_part_change(RepositoryWatch& repository, RepositoryWatch::Part part,
                        std::string_view name);
  void take_git_dir_change(RepositoryWatch& repository, Tracked* owner, GitDirChange change);
  void take_tree_event(Tracked& item, const fs_watch::Event& event);
  void take_git_dir_event(Tracked& item, const fs_watch::Event& event);
  void take_ancestor_event(Tracked& item, const fs_watch::Event& event);
  void watch_part(RepositoryWatch& repository, RepositoryWatch::Part part);
  void watch_git_dir(Tracked& item);
  void watch_tree(Tracked& item);
  void watch_ancestor(Tracked& item, const std::string& path);
  void drop_watch(fs_watch::WatchId& id);
  void degrade(Tracked& item);
  void arm_poll();
  void poll();
  Tracked* main_of(const RepositoryWatch& repository);

  /// Refs may have moved: git is asked only if the worktree's fingerprint changed.
  void hint_refs(Tracked& item);
  void hint_all_refs(RepositoryWatch& repository);
  void hint_content(Tracked& item);
  void note_activity(Tracked& item);

  // service_reads.cc
  void start_read(const model::WorkspaceId& id, RefreshQueue::Ticket ticket);
  void end_read(const model::WorkspaceId& id, std::uint64_t life, model::Stamp stamp,
                ReadResult result);
  void take_reading(Tracked& item, ReadResult& result);
  void take_ignored(Tracked& item, const git_cli::Reading& reading);
  void relearn_ignored(Tracked& item, const git_cli::Reading& reading);
  void take_problem(Tracked& item, const ReadResult& result);
  void take_success(Tracked& item, const git_cli::Stats& stats);
  void publish(const Tracked& item, model::Stamp stamp, const git_cli::Reading& reading);

  Deps deps;
  GitOptions options;
  Listeners listeners;
  std::unordered_map<model::WorkspaceId, Tracked> items;
  std::map<std::string, std::unique_ptr<RepositoryWatch>> repositories;  ///< by common directory
  std::map<model::ProjectId, std::string> projects;                      ///< their common directory
  std::unordered_map<fs_watch::WatchId, Target> targets;
  std::map<model::ProjectId, Loop::TimerId> telling;
  Loop::TimerId poll_timer = 0;
  std::uint64_t last_life = 0;
  std::shared_ptr<EventInbox> inbox;
  RefreshQueue queue;
  Histogram& duration;
  Counter& reads_ok;
  Counter& reads_failed;
  Counter& reads_unchanged;
  Gauge& directories;
};

}  // namespace sb::git
