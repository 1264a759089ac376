#include <algorithm>
#include <utility>

#include "paths.h"
#include "service_impl.h"

// What watch events mean.

namespace sb::git {
namespace {

using Event = fs_watch::Event;
using Part = RepositoryWatch::Part;

}  // namespace

void GitService::Impl::take(const EventInbox::Delivery& delivery) {
  if (delivery.overflow) {
    deps.log.warn("watch events came faster than they could be handled; everything is read again");
    for (auto& [id, item] : items) {
      item.next.learn = true;
      hint_content(item);
    }
    for (const auto& [common_dir, shared] : repositories) tell_worktrees(*shared);
  }
  for (const auto& event : delivery.events) take_event(event);
  directories.set(static_cast<double>(deps.watcher.directories()));
}

void GitService::Impl::take_event(const Event& event) {
  const auto found = targets.find(event.watch);
  if (found == targets.end()) return;   // removed meanwhile
  const Target target = found->second;  // copied: handling may drop the watch
  if (target.kind == Target::Kind::repository) return take_repository_event(target, event);
  const auto item = items.find(target.id);
  if (item == items.end()) return;
  switch (target.kind) {
    case Target::Kind::tree:
      return take_tree_event(item->second, event);
    case Target::Kind::git_dir:
      return take_git_dir_event(item->second, event);
    case Target::Kind::ancestor:
      return take_ancestor_event(item->second, event);
    case Target::Kind::repository:
      return;
  }
}

void GitService::Impl::take_repository_event(const Target& target, const Event& event) {
  const auto found = repositories.find(target.common_dir);
  if (found == repositories.end()) return;
  RepositoryWatch& shared = *found->second;
  switch (event.kind) {
    case Event::Kind::changed:
    case Event::Kind::directory_created:
      return take_part_change(shared, target.part, event.name);
    case Event::Kind::root_gone:
      targets.erase(event.watch);
      shared.lost(target.part);
      if (target.part == Part::common || target.part == Part::worktrees) tell_worktrees(shared);
      if (target.part == Part::common) hint_all_refs(shared);
      return;
    case Event::Kind::degraded:
      shared.degraded = true;
      return arm_poll();
    case Event::Kind::installed:  // what changed before it was watched
    case Event::Kind::overflow:
      if (target.part == Part::common || target.part == Part::worktrees) tell_worktrees(shared);
      if (target.part == Part::refs || event.kind == Event::Kind::overflow) hint_all_refs(shared);
      return;
  }
}

void GitService::Impl::take_part_change(RepositoryWatch& shared, Part part, std::string_view name) {
  switch (part) {
    case Part::common:
      if (const Part* named = RepositoryWatch::part_named(name)) watch_part(shared, *named);
      return take_git_dir_change(shared, main_of(shared), classify_git_dir_change(name));
    case Part::refs:
    case Part::reftable:
      return hint_all_refs(shared);
    case Part::worktrees:
      return tell_worktrees(shared);
    case Part::info:
      if (name != "exclude") return;
      for (const auto& id : shared.worktrees) {
        items[id].next.learn = true;
        hint_content(items[id]);
      }
      return;
  }
}

/// `owner`: the worktree whose git directory it is; none for the shared one of a repository whose
/// main worktree is not tracked.
void GitService::Impl::take_git_dir_change(RepositoryWatch& shared, Tracked* owner,
                                           GitDirChange change) {
  switch (change) {
    case GitDirChange::none:
    case GitDirChange::excludes:
      return;
    case GitDirChange::head:
      tell_worktrees(shared);
      [[fallthrough]];
    case GitDirChange::index:
      if (owner == nullptr) return;
      note_activity(*owner);
      return hint_content(*owner);
    case GitDirChange::operation:
      if (owner != nullptr) hint_refs(*owner);
      return;
    case GitDirChange::config:
      for (const auto& id : shared.worktrees) items[id].next.learn = true;
      return hint_all_refs(shared);
    case GitDirChange::refs:
      return hint_all_refs(shared);
    case GitDirChange::place:
      return tell_worktrees(shared);
  }
}

void GitService::Impl::take_tree_event(Tracked& item, const Event& event) {
  switch (event.kind) {
    case Event::Kind::changed: {
      // Another rule of what is ignored.
      if (event.name == ".gitignore") item.next.learn = true;
      const auto path = relative_to(item.place.path, event.directory, event.name);
      if (path && item.changed.size() < Tracked::kChangedMax) item.changed.insert(*path);
      note_activity(item);
      return hint_content(item);
    }
    case Event::Kind::directory_created: {
      const auto path = relative_to(item.place.path, event.directory, event.name);
      if (path && item.next.directories.size() < Tracked::kDirectoriesMax) {
        item.next.directories.insert(*path);
      } else {
        item.next.learn = true;
      }
      return hint_content(item);
    }
    case Event::Kind::root_gone:
      drop_watch(item.tree);
      // Never watched although it was just read: it cannot be, so it is polled.
      if (!item.installed) degrade(item);
      item.installed = false;
      tell_worktrees(item.worktree.project);
      return hint_content(item);
    case Event::Kind::installed:
      item.installed = true;
      // Whatever changed between the read that told what to skip and now was not told.
      item.next.content = true;
      return queue.urgent(item.worktree.id);
    case Event::Kind::overflow:
      return hint_content(item);
    case Event::Kind::degraded:
      return degrade(item);
  }
}

void GitService::Impl::take_git_dir_event(Tracked& item, const Event& event) {
  const auto shared = repositories.find(item.worktree.common_dir);
  if (shared == repositories.end()) return;
  switch (event.kind) {
    case Event::Kind::changed:
      return take_git_dir_change(*shared->second, &item, classify_git_dir_change(event.name));
    case Event::Kind::root_gone:
      drop_watch(item.git_dir);
      tell_worktrees(*shared->second);
      return hint_content(item);
    case Event::Kind::overflow:
      tell_worktrees(*shared->second);
      return hint_content(item);
    case Event::Kind::degraded:
      return degrade(item);
    case Event::Kind::installed:  // what changed before it was watched
    case Event::Kind::directory_created:
      tell_worktrees(item.worktree.project);
      return hint_refs(item);
  }
}

void GitService::Impl::take_ancestor_event(Tracked& item, const Event& event) {
  if (event.kind == Event::Kind::root_gone) drop_watch(item.ancestor);
  if (event.kind == Event::Kind::degraded) return degrade(item);
  if (event.kind == Event::Kind::changed) {
    // Only the next folder on the way to ours matters.
    const std::size_t above = item.ancestor_path == "/" ? 0 : item.ancestor_path.size();
    const auto rest = std::string_view(item.place.path).substr(above + 1);
    if (rest.substr(0, rest.find('/')) != event.name) return;
    tell_worktrees(item.worktree.project);
  }
  hint_content(item);
}

Tracked* GitService::Impl::main_of(const RepositoryWatch& shared) {
  for (const auto& id : shared.worktrees) {
    Tracked& item = items[id];
    if (item.is_main()) return &item;
  }
  return nullptr;
}

void GitService::Impl::watch_part(RepositoryWatch& shared, Part part) {
  const auto id = shared.watch(part);
  if (id == 0) return;
  targets[id] = Target{Target::Kind::repository, shared.common_dir(), part, {}};
}

void GitService::Impl::watch_git_dir(Tracked& item) {
  if (item.is_main() || item.git_dir != 0) return;
  item.git_dir = deps.watcher.watch_directory(item.worktree.git_dir);
  targets[item.git_dir] = Target{Target::Kind::git_dir, {}, {}, item.worktree.id};
}

void GitService::Impl::watch_tree(Tracked& item) {
  if (item.tree != 0) return;
  item.installed = false;
  item.tree = deps.watcher.watch_tree(
      item.place.path, [skip = item.skip](std::string_view directory, std::string_view name) {
        return skip->skips(directory, name);
      });
  targets[item.tree] = Target{Target::Kind::tree, {}, {}, item.worktree.id};
}

void GitService::Impl::watch_ancestor(Tracked& item, const std::string& path) {
  if (item.ancestor != 0 && item.ancestor_path == path) return;
  drop_watch(item.ancestor);
  item.ancestor_path = path;
  item.ancestor = deps.watcher.watch_directory(path);
  targets[item.ancestor] = Target{Target::Kind::ancestor, {}, {}, item.worktree.id};
}

void GitService::Impl::drop_watch(fs_watch::WatchId& id) {
  if (id == 0) return;
  deps.watcher.remove(id);
  targets.erase(std::exchange(id, 0));
}

void GitService::Impl::degrade(Tracked& item) {
  item.degraded = true;
  if (!std::exchange(item.degraded_told, true)) {
    deps.log.warn("a worktree cannot be watched completely and is polled",
                  {kv("workspace", item.worktree.id.str()), kv("path", item.place.path)});
  }
  arm_poll();
}

void GitService::Impl::arm_poll() {
  if (poll_timer != 0) return;
  poll_timer = deps.loop.after(options.degraded_poll, [this] {
    poll_timer = 0;
    poll();
  });
}

void GitService::Impl::poll() {
  bool again = false;
  for (auto& [id, item] : items) {
    if (!item.degraded) continue;
    again = true;
    item.next.content = true;
    queue.urgent(id);
    // It could not be watched at all: perhaps now.
    if (item.tree == 0 && !item.failing) {
      item.degraded = false;
      watch_tree(item);
    }
  }
  for (const auto& [common_dir, shared] : repositories) {
    if (!shared->degraded) continue;
    again = true;
    tell_worktrees(*shared);
    hint_all_refs(*shared);
  }
  if (again) arm_poll();
}

void GitService::Impl::hint_refs(Tracked& item) {
  queue.hint(item.worktree.id);
}

void GitService::Impl::hint_all_refs(RepositoryWatch& shared) {
  for (const auto& id : shared.worktrees) queue.hint(id);
}

void GitService::Impl::hint_content(Tracked& item) {
  item.next.content = true;
  queue.hint(item.worktree.id);
}

void GitService::Impl::note_activity(Tracked& item) {
  item.activity =
      std::max(item.activity.value_or(WallTime::min()), in_activity_steps(deps.clock.wall_now()));
}

}  // namespace sb::git
