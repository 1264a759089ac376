#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace sb {

/// The seam to the loop thread, which owns all state. Implemented by transport (Asio) and by a fake
/// in tests.
struct Loop {
  using TimerId = std::uint64_t;  ///< never 0
  virtual ~Loop() = default;
  /// Runs `task` on the loop thread, soon and in order of posting. Thread-safe.
  virtual void post(std::function<void()> task) = 0;
  /// Runs `task` once on the loop thread after `delay` of monotonic time. Confined to the loop.
  virtual TimerId after(std::chrono::nanoseconds delay, std::function<void()> task) = 0;
  /// Forgets a timer; an unknown or fired id is nothing. Confined to the loop.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace sb
