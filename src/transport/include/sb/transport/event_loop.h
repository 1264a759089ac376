#pragma once

#include <memory>

#include "sb/core/loop.h"

namespace sb::transport {

/// The loop thread on Asio: timers, posted tasks, sockets and signals. Nobody outside transport
/// sees Asio. Thread: `run` confines everything to its caller; `post` and `stop` are thread-safe.
class EventLoop final : public Loop {
 public:
  EventLoop();
  ~EventLoop() override;
  void post(std::function<void()> task) override;
  TimerId after(std::chrono::nanoseconds delay, std::function<void()> task) override;
  void cancel(TimerId id) override;

  /// Calls `handler` on the loop for each SIGINT or SIGTERM.
  void on_signal(std::function<void(int signal)> handler);
  /// Runs until `stop`.
  void run();
  void stop();

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::transport
