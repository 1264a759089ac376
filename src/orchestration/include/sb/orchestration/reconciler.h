#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "sb/core/clock.h"
#include "sb/core/random.h"

namespace sb::orchestration {

/// When a pass of reconciliation begins, what it waits for and when it is over, as a step machine
/// without I/O: the engine performs the reads, the simulator plays them. Each read takes its own
/// fence when it begins; passes never overlap. Thread: confined to the loop. Rules: architecture,
/// section 8.
class Reconciler {
 public:
  struct Options {
    std::chrono::milliseconds interval{60'000};  // after the end of the pass before
    double jitter = 0.1;                         // share of the interval, either way
  };
  Reconciler(Random& random, Options options) : random_(&random), options_(options) {}

  /// How long to wait for the next pass, jittered anew each time.
  [[nodiscard]] std::chrono::nanoseconds pause();
  /// A pass begins: the rows, and `parts` beside them. False when one runs already.
  [[nodiscard]] bool begin(std::size_t parts, MonoTime now);
  /// A read of the rows was applied; `rejected`: some key was newer than the read. True: the rows
  /// are to be read once more, so that repair time is bounded under any traffic; otherwise the part
  /// is over.
  [[nodiscard]] bool read_again(bool rejected);
  /// One part is over. Answers how long the pass took when it was the last one.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> end_part(MonoTime now);
  [[nodiscard]] bool running() const { return parts_ != 0; }

 private:
  Random* random_;
  Options options_;
  std::size_t parts_ = 0;
  bool again_ = false;
  MonoTime began_{};
};

}  // namespace sb::orchestration
