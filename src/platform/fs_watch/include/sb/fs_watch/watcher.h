#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sb::fs_watch {

using WatchId = std::uint64_t;  ///< never 0

/// Something happened below a watched root. `directory` and `name` are bytes as the kernel gave them.
struct Event {
  WatchId watch = 0;
  enum class Kind {
    changed,            ///< created, written, moved or deleted: `name` in `directory`
    directory_created,  ///< `name` is a new directory, already watched if below the budget
    root_gone,          ///< the root itself was deleted, moved or unmounted
    overflow,           ///< the kernel dropped events: everything may have changed (sent once per watch)
    installed,          ///< the initial walk of the tree is done
    degraded,           ///< the watch budget is used up: this tree is watched in part only
  };
  Kind kind = Kind::changed;
  std::string directory;  ///< absolute
  std::string name;
};

/// All file watching of the process: one inotify descriptor and one thread. Idle costs nothing.
/// Thread: all methods are thread-safe; `on_events` runs on the watcher's thread with a batch (post it to the loop).
class Watcher {
 public:
  struct Options {
    std::size_t directories_max = 100'000;  ///< our budget of inotify watches; the kernel's limit per user also counts
  };
  /// Does nothing but count when inotify is not available: every watch is then `degraded`.
  Watcher(Options options, std::function<void(std::vector<Event>)> on_events);
  ~Watcher();

  /// Watches one directory, not its children.
  WatchId watch_directory(std::string path);
  /// Watches a directory and all below it, also directories created later, except those `skip(directory, name)` refuses
  /// (`.git`, ignored trees). `skip` runs on the watcher's thread.
  WatchId watch_tree(std::string root, std::function<bool(std::string_view directory, std::string_view name)> skip);
  /// Stops watching one directory and all below it (found to be ignored).
  void prune(WatchId watch, std::string directory);
  void remove(WatchId watch);
  [[nodiscard]] std::size_t directories() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::fs_watch
