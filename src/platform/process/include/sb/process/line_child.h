#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/result.h"

namespace sb::process {

/// A child that is talked to in lines for as long as it lives, each way. It ends when its standard
/// input does, and is killed if it does not within kEndGrace. No shell, standard streams only
/// (standard error is ours to drop), no signal mask or disposition of ours. One thread, asleep
/// while the child is silent. Lifecycle: the destructor ends the child and waits for it. Thread:
/// `send` and the destructor are the owner's.
class LineChild {
 public:
  /// Called on the thread of the child; must not block.
  struct Listener {
    std::function<void(std::string line)> line;  ///< without its end, at most kLineBytesMax
    std::function<void()> ended;                 ///< once, unless the owner goes first
  };
  /// Blocks while a process is made: workers only. Errors: not_found (no such program), internal.
  static Result<std::unique_ptr<LineChild>> start(
      const std::vector<std::string>& argv,
      const std::vector<std::pair<std::string, std::string>>& set_env, Listener listener);
  ~LineChild();
  LineChild(const LineChild&) = delete;
  LineChild& operator=(const LineChild&) = delete;

  /// One line; its end is added. A child that does not read is not waited for: false then.
  bool send(std::string_view line);

  static constexpr std::size_t kLineBytesMax = 16U << 10U;  // a longer line is cut
  static constexpr std::chrono::milliseconds kEndGrace{500};

 private:
  struct Impl;
  explicit LineChild(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::process
