#pragma once

#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "sb/fs_watch/watcher.h"

#include "batch.h"
#include "watch_table.h"

namespace sb::fs_watch {

/// What the watcher's thread knows and does: watches, walks of trees, and the meaning of inotify's
/// events. Does no waiting itself. Thread: confined to the watcher's thread.
class TreeWatcher {
 public:
  /// `inotify_fd` may be -1 where inotify is not available.
  TreeWatcher(int inotify_fd, std::size_t directories_max) : table_(inotify_fd, directories_max) {}

  void add(WatchId id, std::string root, bool tree, Watcher::Skip skip);
  void prune(WatchId id, const std::string& directory);
  void remove(WatchId id);

  /// The bytes of one read of the inotify descriptor.
  void take(const char* bytes, std::size_t size);

  [[nodiscard]] bool walking() const { return !walks_.empty(); }
  /// Visits some of the directories that wait to be walked.
  void walk_some();

  [[nodiscard]] std::size_t directories() const { return table_.size(); }
  Batch& batch() { return batch_; }

 private:
  enum class Reason {
    initial,   ///< the walk that `installed` ends
    appeared,  ///< made or moved here later: told as directory_created
    rescan,    ///< events were lost: what is new is told, what is known is looked through again
  };
  struct Walk {
    WatchId watch = 0;
    std::string path;
    Reason reason = Reason::initial;
  };

  void take_one(const inotify_event& event, std::string_view name);
  void take_at(Watch& watch, const std::string& directory, const inotify_event& event,
               std::string_view name);
  void overflow();
  void enqueue(Watch& watch, std::string path, Reason reason);
  void visit(Watch& watch, const Walk& walk);
  void scan(Watch& watch, const std::string& path, Reason reason);
  void finish_walk(Watch& watch, const Walk& walk);
  void lose_root(Watch& watch);
  void degrade(Watch& watch);

  WatchTable table_;
  std::map<WatchId, Watch> watches_;
  std::deque<Walk> walks_;
  Batch batch_;
};

}  // namespace sb::fs_watch
