#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "producer.h"
#include "server.h"
#include "swarm.h"
#include "world.h"

namespace sb::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::function<void(const std::string&)> trace;  ///< one line per step; empty: none
  bool wall_steps = true;                         ///< false: the wall clock never jumps (I10)
};

struct RunResult {
  Failure failure;  ///< no guarantee named: none broken
  std::uint64_t steps = 0;
  std::uint64_t fingerprint = 0;
  std::string swarm;
  [[nodiscard]] bool ok() const { return failure.guarantee.empty(); }
};

/// One run: everything it does follows from the seed.
[[nodiscard]] RunResult run_once(const RunOptions& options);
/// run_once, and for some seeds once more with another wall clock: I10, the same output.
[[nodiscard]] RunResult run_seed(std::uint64_t seed);

}  // namespace sb::sim
