#pragma once

#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "sb/core/clock.h"
#include "sb/core/loop.h"

namespace sb::transport {

class Connection;

/// The deadlines of all connections on one timer. Connections that wait for nothing are not in it
/// and cost no wake-up. Thread: confined to the loop.
class DeadlineQueue {
 public:
  DeadlineQueue(Loop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
  ~DeadlineQueue() { disarm(); }
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;

  /// Calls the connection's `on_deadline` at `at`; replaces an earlier order.
  void set(Connection& connection, MonoTime at);
  void clear(Connection& connection);

 private:
  void arm();
  void disarm();
  void fire();

  Loop& loop_;
  const Clock& clock_;
  std::set<std::pair<MonoTime, Connection*>> queue_;
  Loop::TimerId timer_ = 0;  // 0: none
  MonoTime armed_for_;
};

}  // namespace sb::transport
