#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sb/fs_watch/watcher.h"

namespace sb::fs_watch {

/// One watch of a caller, and the directories it covers.
struct Watch {
  WatchId id = 0;
  std::string root;
  bool tree = false;
  Watcher::Skip skip;
  std::map<std::string, int> directories;  ///< path -> inotify descriptor
  std::size_t walking = 0;                 ///< directories of the initial walk still to visit
  bool installed = false;
  bool degraded = false;
  bool gone = false;
};

/// Where one inotify descriptor leads: a directory may belong to several watches.
struct Place {
  WatchId watch = 0;
  std::string path;
};

/// The book of inotify descriptors. Thread: confined to the watcher's thread.
class WatchTable {
 public:
  enum class Added {
    added,
    known,   ///< was watched already, and is the same directory
    full,    ///< our budget or the kernel's limit
    failed,  ///< gone, not a directory, not readable
  };

  /// `inotify_fd` may be -1: everything is then `full`.
  WatchTable(int inotify_fd, std::size_t directories_max)
      : fd_(inotify_fd), directories_max_(directories_max) {}

  Added add(Watch& watch, const std::string& path);
  /// Forgets `path` and all below it.
  void remove_below(Watch& watch, const std::string& path);
  void remove_all(Watch& watch);
  /// All but the root.
  void keep_root_only(Watch& watch);
  /// The kernel dropped the descriptor itself (the directory is gone).
  void forget(int descriptor);
  /// A copy, because handling an event changes the table.
  [[nodiscard]] std::vector<Place> places(int descriptor) const;
  [[nodiscard]] std::size_t size() const { return holders_.size(); }

 private:
  using Directories = std::map<std::string, int>;
  struct Holder {
    Watch* watch = nullptr;
    const std::string* path = nullptr;  ///< a key of watch->directories, which never moves
  };
  Directories::iterator erase(Watch& watch, Directories::iterator directory);
  void detach(int descriptor, const std::string* path);

  int fd_;
  std::size_t directories_max_;
  std::unordered_map<int, std::vector<Holder>> holders_;
};

}  // namespace sb::fs_watch
