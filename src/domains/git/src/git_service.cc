#include "sb/git/git_service.h"

#include <algorithm>
#include <utility>

#include "paths.h"
#include "service_impl.h"

namespace sb::git {
namespace {

/// Changes of the set of worktrees within this time are told once.
constexpr std::chrono::milliseconds kTellDelay{20};

}  // namespace

GitService::Impl::Impl(Deps given, GitOptions chosen)
    : deps(std::move(given)),
      options(chosen),
      queue(deps.loop, deps.clock,
            {chosen.debounce, chosen.debounce_max, std::max<std::size_t>(chosen.processes_max, 1)},
            [this](const model::WorkspaceId& id, RefreshQueue::Ticket ticket) {
              start_read(id, ticket);
            }),
      duration(deps.metrics.histogram("git_refresh_duration_seconds",
                                      "Time git took to read one worktree.",
                                      {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10})),
      reads_ok(
          deps.metrics.counter("git_refreshes_total", "Reads of worktrees.", {{"result", "ok"}})),
      reads_failed(deps.metrics.counter("git_refreshes_total", "Reads of worktrees.",
                                        {{"result", "failed"}})),
      reads_unchanged(deps.metrics.counter("git_refreshes_total", "Reads of worktrees.",
                                           {{"result", "unchanged"}})),
      directories(deps.metrics.gauge("watch_count", "Directories watched.")) {}

GitService::Impl::~Impl() {
  inbox->close();
  deps.loop.cancel(poll_timer);
  for (const auto& [project, timer] : telling) deps.loop.cancel(timer);
  for (auto& [id, item] : items) {
    drop_watch(item.tree);
    drop_watch(item.git_dir);
    drop_watch(item.ancestor);
  }
}

void GitService::Impl::begin() {
  inbox = std::make_shared<EventInbox>(
      deps.loop, [this](const EventInbox::Delivery& delivery) { take(delivery); });
  deps.watcher.listen([box = std::weak_ptr(inbox)](std::vector<fs_watch::Event> events) {
    if (const auto open = box.lock()) open->put(std::move(events));
  });
}

RepositoryWatch& GitService::Impl::repository(const std::string& common_dir) {
  auto& slot = repositories[common_dir];
  if (!slot) {
    slot = std::make_unique<RepositoryWatch>(deps.watcher, common_dir);
    for (const auto part : RepositoryWatch::kParts) watch_part(*slot, part);
  }
  return *slot;
}

void GitService::Impl::release_repository(const std::string& common_dir) {
  const auto found = repositories.find(common_dir);
  if (found == repositories.end()) return;
  if (!found->second->projects.empty() || !found->second->worktrees.empty()) return;
  for (const auto part : RepositoryWatch::kParts) targets.erase(found->second->id(part));
  repositories.erase(found);
}

void GitService::Impl::track(Worktree worktree) {
  const auto held = items.find(worktree.id);
  if (held != items.end() && held->second.worktree == worktree) return;
  untrack(worktree.id);
  RepositoryWatch& shared = repository(worktree.common_dir);
  shared.worktrees.insert(worktree.id);
  Tracked& item = items[worktree.id];
  item.life = ++last_life;
  item.place = {worktree.path, worktree.git_dir, worktree.common_dir, worktree.default_branch};
  item.worktree = std::move(worktree);
  // A worktree inside another one is its own business, not a change of the outer one.
  for (const auto& other_id : shared.worktrees) {
    Tracked& other = items[other_id];
    if (is_below(other.place.path, item.place.path)) item.skip->add_nested(other.place.path);
    if (is_below(item.place.path, other.place.path)) {
      other.skip->add_nested(item.place.path);
      if (other.tree != 0) deps.watcher.prune(other.tree, item.place.path);
    }
  }
  watch_git_dir(item);
  queue.urgent(item.worktree.id);
}

void GitService::Impl::untrack(const model::WorkspaceId& id) {
  const auto found = items.find(id);
  if (found == items.end()) return;
  Tracked& item = found->second;
  drop_watch(item.tree);
  drop_watch(item.git_dir);
  drop_watch(item.ancestor);
  queue.remove(id);
  const std::string common_dir = item.worktree.common_dir;
  items.erase(found);
  if (const auto shared = repositories.find(common_dir); shared != repositories.end()) {
    shared->second->worktrees.erase(id);
  }
  release_repository(common_dir);
}

void GitService::Impl::check(const model::ProjectId& project,
                             std::function<void(std::size_t)> done) {
  struct Look {
    git_cli::WorktreePlace place;
    std::optional<std::string> upstream;
  };
  std::vector<Look> looks;
  std::vector<std::pair<model::WorkspaceId, git_cli::Fingerprint>> seen;
  for (const auto& [id, item] : items) {
    if (item.worktree.project != project || !item.fingerprint || !queue.quiet(id)) continue;
    looks.push_back({item.place, item.upstream});
    seen.emplace_back(id, *item.fingerprint);
  }
  deps.workers.submit([looks = std::move(looks), seen = std::move(seen), done = std::move(done),
                       &loop = deps.loop, weak = weak_from_this()] {
    std::vector<git_cli::Fingerprint> now;
    now.reserve(looks.size());
    for (const auto& look : looks) {
      now.push_back(git_cli::take_fingerprint(look.place, look.upstream));
    }
    loop.post([weak, seen, now = std::move(now), done] {
      if (const auto self = weak.lock()) self->finish_check(seen, now, done);
    });
  });
}

void GitService::Impl::finish_check(
    const std::vector<std::pair<model::WorkspaceId, git_cli::Fingerprint>>& seen,
    const std::vector<git_cli::Fingerprint>& now, const std::function<void(std::size_t)>& done) {
  std::size_t moved = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& [id, before] = seen[i];
    const auto found = items.find(id);
    // What was marked or read meanwhile is on its way by itself.
    if (found == items.end() || !queue.quiet(id) || found->second.fingerprint != before) continue;
    if (now[i] == before) continue;
    ++moved;
    found->second.next.content = true;
    queue.urgent(id);
  }
  if (moved > 0) deps.log.warn("worktrees moved unnoticed", {kv("count", moved)});
  if (done) done(moved);
}

GitHealth GitService::Impl::health() const {
  GitHealth health;
  health.worktrees = items.size();
  for (const auto& [id, item] : items) {
    health.watched += item.installed && !item.degraded ? 1U : 0U;
    health.degraded += item.degraded ? 1U : 0U;
    health.failing += item.failing ? 1U : 0U;
  }
  health.directories_watched = deps.watcher.directories();
  return health;
}

void GitService::Impl::tell_worktrees(const RepositoryWatch& shared) {
  for (const auto& project : shared.projects) tell_worktrees(project);
  for (const auto& id : shared.worktrees) tell_worktrees(items[id].worktree.project);
}

void GitService::Impl::tell_worktrees(const model::ProjectId& project) {
  if (telling.contains(project)) return;
  telling[project] = deps.loop.after(kTellDelay, [this, project] {
    telling.erase(project);
    if (listeners.worktrees) listeners.worktrees(project);
  });
}

GitService::GitService(Deps deps, GitOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), options)) {
  impl_->begin();
}

GitService::~GitService() = default;

void GitService::listen(Listeners listeners) {
  impl_->listeners = std::move(listeners);
}

void GitService::track_project(const model::ProjectId& project, std::string common_dir) {
  if (const auto held = impl_->projects.find(project); held != impl_->projects.end()) {
    if (held->second == common_dir) return;
    untrack_project(project);
  }
  impl_->repository(common_dir).projects.insert(project);
  impl_->projects.emplace(project, std::move(common_dir));
}

void GitService::untrack_project(const model::ProjectId& project) {
  const auto held = impl_->projects.find(project);
  if (held == impl_->projects.end()) return;
  const std::string common_dir = std::move(held->second);
  impl_->projects.erase(held);
  if (const auto shared = impl_->repositories.find(common_dir);
      shared != impl_->repositories.end()) {
    shared->second->projects.erase(project);
  }
  impl_->release_repository(common_dir);
}

void GitService::track(Worktree worktree) {
  impl_->track(std::move(worktree));
}

void GitService::untrack(const model::WorkspaceId& id) {
  impl_->untrack(id);
}

void GitService::refresh(const model::WorkspaceId& id) {
  const auto found = impl_->items.find(id);
  if (found == impl_->items.end()) return;
  found->second.next.content = true;
  impl_->queue.urgent(id);
}

void GitService::check(const model::ProjectId& project,
                       std::function<void(std::size_t moved)> done) {
  impl_->check(project, std::move(done));
}

GitHealth GitService::health() const {
  return impl_->health();
}

}  // namespace sb::git
