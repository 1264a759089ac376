#include "deadline_queue.h"

#include <algorithm>
#include <chrono>

#include "connection.h"

namespace sb::transport {

void DeadlineQueue::set(Connection& connection, MonoTime at) {
  if (connection.deadline_) queue_.erase({*connection.deadline_, &connection});
  connection.deadline_ = at;
  queue_.insert({at, &connection});
  arm();
}

void DeadlineQueue::clear(Connection& connection) {
  if (!connection.deadline_) return;
  queue_.erase({*connection.deadline_, &connection});
  connection.deadline_.reset();
  if (queue_.empty()) disarm();  // idle costs nothing; a timer that is merely early is left to fire
}

void DeadlineQueue::arm() {
  const MonoTime first = queue_.begin()->first;
  if (timer_ != 0 && armed_for_ <= first) return;
  disarm();
  armed_for_ = first;
  timer_ = loop_.after(std::max(first - clock_.mono_now(), std::chrono::nanoseconds(0)),
                       [this] { fire(); });
}

void DeadlineQueue::disarm() {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = 0;
}

void DeadlineQueue::fire() {
  timer_ = 0;
  const MonoTime now = clock_.mono_now();
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const auto connection = queue_.begin()->second->shared_from_this();
    queue_.erase(queue_.begin());
    connection->deadline_.reset();
    connection->on_deadline(now);
  }
  if (!queue_.empty()) arm();
}

}  // namespace sb::transport
