#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sb/transport/event_loop.h"

#include "ready_set.h"

namespace sb::transport {

/// The Asio side of EventLoop, for the .cc files of this room.
struct EventLoop::Impl {
  using Executor = boost::asio::io_context::executor_type;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  void wait_signal();
  /// Runs `task` soon, after whatever else this turn brings: many changes are then told at once.
  void at_turn_end(std::function<void()> task);

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<Executor> work{context.get_executor()};
  ReadySet ready{context.get_executor()};  // all connections
  std::unordered_map<TimerId, std::unique_ptr<Timer>> timers;
  TimerId next_timer = 1;
  boost::asio::basic_signal_set<Executor> signals{context.get_executor()};
  std::function<void(int)> signal_handler;
};

}  // namespace sb::transport
