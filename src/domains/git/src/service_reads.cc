#include <algorithm>
#include <utility>

#include "paths.h"
#include "service_impl.h"

// How a read goes.

namespace sb::git {
namespace {

constexpr std::chrono::milliseconds kIndexLockPoll{50};
constexpr std::chrono::seconds kRetryFirst{
    2};  // after a failure, then four times as long each time
constexpr std::chrono::seconds kRetryMax{600};

std::chrono::seconds retry_delay(std::uint32_t failures) {
  auto delay = kRetryFirst;
  for (std::uint32_t i = 1; i < failures && delay < kRetryMax; ++i) delay *= 4;
  return std::min(delay, kRetryMax);
}

/// What others know of a branch may be another thing now. Learning of an upstream that was there
/// already is no move.
bool moved(const git_cli::Fingerprint& before, const git_cli::Fingerprint& now) {
  if (!before.refs.known || !now.refs.known) {
    return before.reftable != now.reftable || before.head != now.head;
  }
  const auto& was = before.refs;
  const auto& is = now.refs;
  return was.branch != is.branch || was.head != is.head || was.published != is.published ||
         (was.upstream_oid && was.upstream_oid != is.upstream_oid);
}

}  // namespace

void GitService::Impl::start_read(const model::WorkspaceId& id, RefreshQueue::Ticket ticket) {
  const auto found = items.find(id);
  if (found == items.end()) return queue.finished(ticket);
  Tracked& item = found->second;
  item.running = std::exchange(item.next, {});
  ReadJob job;
  job.place = item.place;
  job.upstream = item.upstream;
  if (!item.running.content) job.unless = item.fingerprint;
  job.options.list_ignored = item.running.learn;
  auto& ask = job.options.ask_ignored;
  ask.assign(item.running.directories.begin(), item.running.directories.end());
  ask.insert(ask.end(), item.running.suspects.begin(), item.running.suspects.end());
  if (item.running.learn) {
    // git lists what is there; what is not, or is empty, may be ignored still.
    for (const auto& path : item.skip->ignored()) {
      ask.push_back(path.substr(item.place.path.size() + 1));
    }
  }
  const MonoTime now = deps.clock.mono_now();
  job.mind_lock = !item.locked_since || now - *item.locked_since < options.index_lock_wait;

  const model::Stamp stamp = deps.counter.next();
  const git_cli::WorktreeReader reader(deps.processes, options.timeout);
  deps.workers.submit([job = std::move(job), reader, stamp, id, ticket, life = item.life,
                       &loop = deps.loop, weak = weak_from_this()] {
    auto result = std::make_shared<ReadResult>(run_read(job, reader));
    loop.post([weak, id, ticket, life, stamp, result] {
      const auto self = weak.lock();
      if (!self) return;
      self->end_read(id, life, stamp, std::move(*result));
      self->queue.finished(ticket);
    });
  });
}

void GitService::Impl::end_read(const model::WorkspaceId& id, std::uint64_t life,
                                model::Stamp stamp, ReadResult result) {
  const auto found = items.find(id);
  if (found == items.end() || found->second.life != life) return;
  Tracked& item = found->second;
  // Kept while it lasts: a lock somebody left behind delays one read, not every one.
  if (!result.locked) item.locked_since.reset();
  switch (result.kind) {
    case ReadResult::Kind::locked:
      if (!item.locked_since) item.locked_since = deps.clock.mono_now();
      item.next.add(std::move(item.running));
      return queue.later(id, kIndexLockPoll);
    case ReadResult::Kind::unchanged:
      item.running.content = false;
      item.next.add(std::move(item.running));
      return reads_unchanged.add();
    case ReadResult::Kind::read:
      break;
  }
  duration.observe(std::chrono::duration<double>(result.took).count());
  const bool has_moved = item.fingerprint && moved(*item.fingerprint, result.fingerprint);
  const bool other_base =
      item.fingerprint && item.fingerprint->refs.base != result.fingerprint.refs.base;
  if (other_base) tell_worktrees(item.worktree.project);
  take_reading(item, result);
  publish(item, stamp, result.reading);
  if (has_moved && listeners.moved) listeners.moved(id);
}

void GitService::Impl::take_reading(Tracked& item, ReadResult& result) {
  item.fingerprint = std::move(result.fingerprint);
  if (!item.activity && result.git_activity)
    item.activity = in_activity_steps(*result.git_activity);
  if (result.reading.problem) {
    reads_failed.add();
    return take_problem(item, result);
  }
  reads_ok.add();
  take_ignored(item, result.reading);
  const bool had_effect = item.stats != result.reading.stats;
  take_success(item, *result.reading.stats);
  item.ahead = result.reading.ahead;
  item.behind = result.reading.behind;
  item.upstream = result.reading.upstream;
  // Changes without effect may be of ignored files: the next read asks, so that they are skipped.
  if (!had_effect && item.running.suspects.empty()) item.next.suspects = item.changed;
  item.changed.clear();
  item.running = {};
}

void GitService::Impl::take_ignored(Tracked& item, const git_cli::Reading& reading) {
  if (item.running.learn && reading.ignored) return relearn_ignored(item, reading);
  std::vector<std::string> found;
  found.reserve(reading.ignored_of_asked.size());
  for (const auto& relative : reading.ignored_of_asked) {
    found.push_back(absolute_below(item.place.path, relative));
  }
  std::sort(found.begin(), found.end());
  const std::string* outer = nullptr;  // a whole new tree of ignored folders needs one entry only
  for (const auto& path : found) {
    if (outer != nullptr && is_below(path, *outer)) continue;
    outer = &path;
    item.skip->add_ignored(path);
    if (item.tree != 0) deps.watcher.prune(item.tree, path);
  }
}

void GitService::Impl::relearn_ignored(Tracked& item, const git_cli::Reading& reading) {
  std::unordered_set<std::string> ignored;
  for (const auto* list : {&*reading.ignored, &reading.ignored_of_asked}) {
    for (const auto& relative : *list) {
      if (ignored.size() >= SkipSet::kPathsMax) break;
      const auto path = ignored.insert(absolute_below(item.place.path, relative));
      const bool folder = relative.ends_with('/');
      if (folder && path.second && item.tree != 0) deps.watcher.prune(item.tree, *path.first);
    }
  }
  // What is not ignored any more must be watched: the tree is walked anew after this read.
  if (!item.skip->replace_ignored(std::move(ignored)).empty()) drop_watch(item.tree);
}

void GitService::Impl::take_success(Tracked& item, const git_cli::Stats& stats) {
  item.stats = stats;
  item.failing = false;
  item.failures = 0;
  drop_watch(item.ancestor);
  watch_git_dir(item);
  if (!item.degraded) watch_tree(item);
  RepositoryWatch& shared = repository(item.worktree.common_dir);
  watch_part(shared, RepositoryWatch::Part::common);
  watch_part(shared, RepositoryWatch::Part::refs);
}

void GitService::Impl::take_problem(Tracked& item, const ReadResult& result) {
  const auto& problem = *result.reading.problem;
  if (!item.failing) {
    deps.log.warn("a worktree cannot be read",
                  {kv("workspace", item.worktree.id.str()), kv("code", problem.code),
                   kv("reason", problem.message)});
  }
  item.failing = true;
  ++item.failures;
  item.next.add(std::move(item.running));  // what was asked for was not answered
  item.next.content = true;
  item.next.learn = true;
  if (problem.code == "worktree_missing") {
    drop_watch(item.tree);
    item.installed = false;
    item.degraded = false;
    // Only its coming back is worth a look, and that is watched.
    watch_ancestor(item, result.nearest_ancestor);
  } else {
    // Permissions, ownership, a hung disk: what heals them tells nobody.
    queue.later(item.worktree.id, retry_delay(item.failures));
  }
}

void GitService::Impl::publish(const Tracked& item, model::Stamp stamp,
                               const git_cli::Reading& reading) {
  if (!listeners.facts) return;
  GitFacts facts;
  facts.id = item.worktree.id;
  facts.stamp = stamp;
  if (item.stats) {
    facts.stats = model::GitStats{item.stats->total,           item.stats->additions,
                                  item.stats->deletions,       item.stats->has_uncommitted,
                                  item.stats->untracked_files, item.stats->untracked_additions,
                                  reading.problem.has_value()};
  }
  facts.ahead = item.ahead;
  facts.behind = item.behind;
  facts.operation = reading.operation;
  if (reading.problem)
    facts.problem = model::Problem{reading.problem->code, reading.problem->message};
  facts.last_activity_at = item.activity;
  listeners.facts(facts);
}

}  // namespace sb::git
