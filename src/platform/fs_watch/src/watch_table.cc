#include "watch_table.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>

namespace sb::fs_watch {
namespace {

/// IN_MODIFY too: a file that is written without ever being closed must be noticed.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
                                IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                                IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

WatchTable::Added WatchTable::add(Watch& watch, const std::string& path) {
  if (fd_ < 0) return Added::full;
  const bool is_root = path == watch.root;
  const std::uint32_t mask = is_root ? kMask : kMask | IN_DONT_FOLLOW;
  const int descriptor = ::inotify_add_watch(fd_, path.c_str(), mask);
  if (descriptor < 0) return errno == ENOSPC || errno == ENOMEM ? Added::full : Added::failed;

  const auto held = watch.directories.find(path);
  if (held != watch.directories.end()) {
    if (held->second == descriptor) return Added::known;
    erase(watch, held);  // another directory took the name
  }
  if (!holders_.contains(descriptor) && holders_.size() >= directories_max_) {
    ::inotify_rm_watch(fd_, descriptor);
    return Added::full;
  }
  const auto entry = watch.directories.emplace(path, descriptor).first;
  holders_[descriptor].push_back(Holder{&watch, &entry->first});
  return Added::added;
}

WatchTable::Directories::iterator WatchTable::erase(Watch& watch, Directories::iterator directory) {
  detach(directory->second, &directory->first);
  return watch.directories.erase(directory);
}

void WatchTable::detach(int descriptor, const std::string* path) {
  const auto found = holders_.find(descriptor);
  if (found == holders_.end()) return;
  std::erase_if(found->second, [path](const Holder& holder) { return holder.path == path; });
  if (!found->second.empty()) return;
  ::inotify_rm_watch(fd_, descriptor);  // fails if the directory is gone already, which is fine
  holders_.erase(found);
}

void WatchTable::remove_below(Watch& watch, const std::string& path) {
  if (const auto self = watch.directories.find(path); self != watch.directories.end()) {
    erase(watch, self);
  }
  const std::string prefix = path + "/";
  auto directory = watch.directories.lower_bound(prefix);
  while (directory != watch.directories.end() && directory->first.starts_with(prefix)) {
    directory = erase(watch, directory);
  }
}

void WatchTable::remove_all(Watch& watch) {
  while (!watch.directories.empty()) erase(watch, watch.directories.begin());
}

void WatchTable::keep_root_only(Watch& watch) {
  auto directory = watch.directories.begin();
  while (directory != watch.directories.end()) {
    directory = directory->first == watch.root ? std::next(directory) : erase(watch, directory);
  }
}

void WatchTable::forget(int descriptor) {
  const auto found = holders_.find(descriptor);
  if (found == holders_.end()) return;
  for (const Holder& holder : found->second) {
    const auto directory = holder.watch->directories.find(*holder.path);
    if (directory != holder.watch->directories.end()) holder.watch->directories.erase(directory);
  }
  holders_.erase(found);
}

std::vector<Place> WatchTable::places(int descriptor) const {
  std::vector<Place> result;
  const auto found = holders_.find(descriptor);
  if (found == holders_.end()) return result;
  result.reserve(found->second.size());
  for (const Holder& holder : found->second) {
    result.push_back(Place{holder.watch->id, *holder.path});
  }
  return result;
}

}  // namespace sb::fs_watch
