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

/// Something happened below a watched root. `directory` and `name` are bytes as the kernel gave
/// them.
struct Event {
  WatchId watch = 0;
  enum class Kind {
    changed,  ///< created, written, moved or deleted: `name` in `directory`; once per batch and
              ///< name
    directory_created,  ///< `name` is a new directory of a tree, already watched if below the
                        ///< budget
    root_gone,          ///< the root is not there, or was deleted, moved or unmounted; sent once
    overflow,   ///< the kernel dropped events: everything may have changed (sent once per watch)
    installed,  ///< the directory is watched, of a tree all of it: nothing is missed from here on
    /// This watch cannot be trusted: the budget or the kernel's limit is used up (then only its
    /// root stays watched), or its file system hides changes made elsewhere. Sent once.
    degraded,
  };
  Kind kind = Kind::changed;
  std::string directory;  ///< absolute
  std::string name;
};

/// All file watching of the process: one inotify descriptor and one thread. Idle costs nothing.
/// Thread: all methods are thread-safe and return at once; `on_events` runs on the watcher's thread
/// with a batch (post it to the loop), and never after the destructor. Events of a removed watch
/// may still arrive shortly after `remove`.
class Watcher {
 public:
  struct Options {
    /// Our budget of inotify watches; the kernel's limit per user also counts.
    std::size_t directories_max = 100'000;
  };
  using Skip = std::function<bool(std::string_view directory, std::string_view name)>;

  /// Does nothing but count when inotify is not available: every watch is then `degraded`.
  explicit Watcher(Options options, std::function<void(std::vector<Event>)> on_events = nullptr);
  ~Watcher();

  /// Adds a listener, which gets every batch from now on, of all watches.
  void listen(std::function<void(std::vector<Event>)> on_events);

  /// Watches one directory, not its children.
  WatchId watch_directory(std::string path);
  /// Watches a directory and all below it, also directories created later, except those
  /// `skip(directory, name)` refuses (`.git`, ignored trees); changes of a refused name are not
  /// told either. Symbolic links are not followed. `skip` runs on the watcher's thread, until the
  /// destructor at most.
  WatchId watch_tree(std::string root, Skip skip);
  /// Stops watching one directory and all below it (found to be ignored).
  void prune(WatchId watch, std::string directory);
  void remove(WatchId watch);
  /// Watched directories, each counted once however many watches share it.
  [[nodiscard]] std::size_t directories() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::fs_watch
