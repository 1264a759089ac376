#pragma once

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sb/fs_watch/watcher.h"

namespace sb::fs_watch {

/// Events on their way to the listeners. Equal changes are joined, so that a batch is bounded by
/// what exists, not by how often it is written. Thread: confined to the watcher's thread.
class Batch {
 public:
  void changed(WatchId watch, const std::string& directory, std::string_view name) {
    if (!seen_.emplace(watch, directory, name).second) return;
    events_.push_back(Event{watch, Event::Kind::changed, directory, std::string(name)});
  }
  void add(WatchId watch, Event::Kind kind, std::string directory, std::string_view name = {}) {
    events_.push_back(Event{watch, kind, std::move(directory), std::string(name)});
  }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  [[nodiscard]] std::vector<Event> take() {
    seen_.clear();
    return std::exchange(events_, {});
  }

 private:
  std::vector<Event> events_;
  std::set<std::tuple<WatchId, std::string, std::string>> seen_;
};

}  // namespace sb::fs_watch
