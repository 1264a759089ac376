#include "tree_watcher.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

namespace sb::fs_watch {
namespace {

constexpr std::size_t kDirectoriesPerStep = 128;  // then events are read, so that none overflow

/// File systems on which somebody else may change files without the kernel here knowing.
constexpr std::array<std::uint64_t, 8> kRemoteFileSystems{
    0x6969,      // nfs
    0x517B,      // smb
    0xFE534D42,  // smb2
    0xFF534D42,  // cifs
    0x01021997,  // 9p
    0x65735546,  // fuse, virtiofs
    0x00C36400,  // ceph
    0x5346414F,  // afs
};

bool is_remote(const std::string& path) {
  struct statfs info{};
  if (::statfs(path.c_str(), &info) != 0) return false;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  return std::find(kRemoteFileSystems.begin(), kRemoteFileSystems.end(), type) !=
         kRemoteFileSystems.end();
}

bool is_directory_entry(const std::string& directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info{};
  const std::string path = directory + "/" + entry.d_name;
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string join(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return {"", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

void TreeWatcher::add(WatchId id, std::string root, bool tree, Watcher::Skip skip) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  Watch& watch = watches_[id];
  watch.id = id;
  watch.root = std::move(root);
  watch.tree = tree;
  watch.skip = std::move(skip);
  enqueue(watch, watch.root, Reason::initial);
}

void TreeWatcher::prune(WatchId id, const std::string& directory) {
  const auto found = watches_.find(id);
  if (found != watches_.end()) table_.remove_below(found->second, directory);
}

void TreeWatcher::remove(WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  table_.remove_all(found->second);
  watches_.erase(found);
  std::erase_if(walks_, [id](const Walk& walk) { return walk.watch == id; });
}

void TreeWatcher::take(const char* bytes, std::size_t size) {
  std::size_t at = 0;
  while (at + sizeof(inotify_event) <= size) {
    inotify_event event;  // copied: the buffer has no alignment of its own
    std::memcpy(&event, bytes + at, sizeof event);
    const char* name = bytes + at + sizeof event;
    take_one(event, std::string_view(name, ::strnlen(name, event.len)));
    at += sizeof event + event.len;
  }
}

void TreeWatcher::take_one(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return overflow();
  for (const Place& place : table_.places(event.wd)) {
    const auto found = watches_.find(place.watch);
    if (found != watches_.end()) take_at(found->second, place.path, event, name);
  }
  if ((event.mask & IN_IGNORED) != 0) table_.forget(event.wd);
}

void TreeWatcher::take_at(Watch& watch, const std::string& directory, const inotify_event& event,
                          std::string_view name) {
  constexpr std::uint32_t kLost = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
  if ((event.mask & kLost) != 0) {
    // Below the root the parent's event says it; a directory that moved away is dropped there.
    if (directory == watch.root) lose_root(watch);
    return;
  }
  if (name.empty()) return;  // attributes of the directory itself, which its parent's event names
  if (!watch.tree) return batch_.changed(watch.id, directory, name);
  if ((event.mask & IN_ISDIR) != 0 && (event.mask & (IN_MOVED_FROM | IN_DELETE)) != 0) {
    table_.remove_below(watch, join(directory, name));
  }
  if (watch.skip(directory, name)) return;
  const bool appeared = (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
  if ((event.mask & IN_ISDIR) != 0 && appeared && !watch.degraded) {
    enqueue(watch, join(directory, name), Reason::appeared);
  }
  batch_.changed(watch.id, directory, name);
}

void TreeWatcher::overflow() {
  for (auto& [id, watch] : watches_) {
    if (watch.gone) continue;
    batch_.add(id, Event::Kind::overflow, watch.root);
    // Directories made meanwhile are not watched yet, and some of ours may have been replaced.
    enqueue(watch, watch.root, Reason::rescan);
  }
}

void TreeWatcher::enqueue(Watch& watch, std::string path, Reason reason) {
  if (reason == Reason::initial) ++watch.walking;
  walks_.push_back(Walk{watch.id, std::move(path), reason});
}

void TreeWatcher::walk_some() {
  for (std::size_t i = 0; i < kDirectoriesPerStep && !walks_.empty(); ++i) {
    const Walk walk = std::move(walks_.front());
    walks_.pop_front();
    const auto found = watches_.find(walk.watch);
    if (found == watches_.end()) continue;
    if (!found->second.gone) visit(found->second, walk);
    finish_walk(found->second, walk);
  }
}

void TreeWatcher::visit(Watch& watch, const Walk& walk) {
  const bool is_root = walk.path == watch.root;
  if (watch.degraded && !is_root) return;
  switch (table_.add(watch, walk.path)) {
    case WatchTable::Added::full:
      return degrade(watch);
    case WatchTable::Added::failed:
      if (is_root) lose_root(watch);
      return;
    case WatchTable::Added::added:
      if (is_root && is_remote(walk.path)) {
        batch_.add(watch.id, Event::Kind::degraded, watch.root);
      } else if (walk.reason != Reason::initial && !is_root) {
        auto [directory, name] = split(walk.path);
        batch_.add(watch.id, Event::Kind::directory_created, std::move(directory), name);
      }
      break;
    case WatchTable::Added::known:
      if (walk.reason != Reason::rescan)
        return;  // its own event and its parent's scan both led here
      break;
  }
  if (watch.tree && !watch.degraded) scan(watch, walk.path, walk.reason);
}

void TreeWatcher::scan(Watch& watch, const std::string& path, Reason reason) {
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> open(::opendir(path.c_str()), close);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {  // NOLINT(concurrency-mt-unsafe): own DIR
    const std::string_view name(entry->d_name);
    if (name == "." || name == ".." || !is_directory_entry(path, *entry)) continue;
    if (!watch.skip(path, name)) enqueue(watch, join(path, name), reason);
  }
}

void TreeWatcher::finish_walk(Watch& watch, const Walk& walk) {
  if (walk.reason != Reason::initial) return;
  --watch.walking;
  if (watch.walking > 0 || watch.installed) return;
  watch.installed = true;
  if (!watch.gone) batch_.add(watch.id, Event::Kind::installed, watch.root);
}

void TreeWatcher::lose_root(Watch& watch) {
  if (std::exchange(watch.gone, true)) return;
  table_.remove_all(watch);
  batch_.add(watch.id, Event::Kind::root_gone, watch.root);
}

void TreeWatcher::degrade(Watch& watch) {
  if (std::exchange(watch.degraded, true)) return;
  table_.keep_root_only(watch);
  batch_.add(watch.id, Event::Kind::degraded, watch.root);
}

}  // namespace sb::fs_watch
