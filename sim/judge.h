#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "virtual_loop.h"

namespace sb::sim {

/// What went wrong first: the name of the broken guarantee and how it showed.
struct Failure {
  std::string guarantee;
  std::string message;
  std::uint64_t step = 0;
};

/// Collects the verdicts of the checkers and writes the trace. The first broken guarantee ends the
/// run. Thread: externally locked.
class Judge {
 public:
  Judge(const VirtualLoop& loop, std::function<void(const std::string&)> trace)
      : loop_(&loop), trace_(std::move(trace)) {}

  [[nodiscard]] bool failed() const { return !failure_.guarantee.empty(); }
  [[nodiscard]] const Failure& failure() const { return failure_; }
  void fail(std::string_view guarantee, const std::string& message) {
    note("FAILED " + std::string(guarantee) + ": " + message);
    if (!failed()) failure_ = {std::string(guarantee), message, loop_->steps()};
  }
  /// `message` is made only when the guarantee is broken.
  template <class Message>
  bool hold(bool holds, std::string_view guarantee, Message&& message) {
    if (!holds) fail(guarantee, message());
    return holds;
  }

  [[nodiscard]] bool tracing() const { return static_cast<bool>(trace_); }
  void note(const std::string& line) {
    if (!trace_) return;
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(
        loop_->mono_now().time_since_epoch() - std::chrono::hours(1));
    trace_("#" + std::to_string(loop_->steps()) + " @" + std::to_string(at.count()) + "us " + line);
  }

 private:
  const VirtualLoop* loop_;
  std::function<void(const std::string&)> trace_;
  Failure failure_;
};

}  // namespace sb::sim
