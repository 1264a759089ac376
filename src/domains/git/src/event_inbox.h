#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "sb/core/loop.h"
#include "sb/fs_watch/watcher.h"

namespace sb::git {

/// Carries watch events to the loop: at most one task is posted at a time, and a loop that is busy
/// for long finds one overflow instead of a mountain of events.
/// Thread: `put` on the watcher's thread; the handler runs on the loop, until `close` (on the
/// loop).
class EventInbox : public std::enable_shared_from_this<EventInbox> {
 public:
  static constexpr std::size_t kEventsMax = 20'000;
  struct Delivery {
    std::vector<fs_watch::Event> events;
    bool overflow = false;  ///< events were dropped here: everything may have changed
  };

  EventInbox(Loop& loop, std::function<void(const Delivery&)> handler)
      : loop_(loop), handler_(std::move(handler)) {}

  void put(std::vector<fs_watch::Event> events) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (pending_.events.size() + events.size() > kEventsMax) {
      pending_.events.clear();
      pending_.overflow = true;
    } else {
      for (auto& event : events) pending_.events.push_back(std::move(event));
    }
    if (std::exchange(posted_, true)) return;
    loop_.post([self = shared_from_this()] { self->deliver(); });
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    pending_ = {};
  }

 private:
  void deliver() {
    Delivery delivery;
    {
      const std::lock_guard lock(mutex_);
      posted_ = false;
      if (closed_) return;
      delivery = std::exchange(pending_, {});
    }
    handler_(delivery);
  }

  Loop& loop_;
  std::function<void(const Delivery&)> handler_;
  std::mutex mutex_;
  Delivery pending_;     // guarded by mutex_
  bool posted_ = false;  // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace sb::git
