#pragma once

#include <span>
#include <string_view>

namespace sb::bench {

/// A figure to reach. Timing decides no test: a target is printed beside what was measured.
struct Target {
  enum class Kind {
    per_second_min,  ///< items per second, at least
    nanos_max,       ///< CPU nanoseconds per iteration, less than
    bytes_max,       ///< the counter "bytes_per_entry", at most
  };
  std::string_view run;   ///< name of the benchmark with its arguments: "stale/500"
  std::string_view what;  ///< in words
  Kind kind = Kind::per_second_min;
  double limit = 0;
};

/// The targets of this program, in the order of its table. Every bench_*.cc defines them.
[[nodiscard]] std::span<const Target> targets();

}  // namespace sb::bench
