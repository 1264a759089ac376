#pragma once

#include <chrono>
#include <cstdint>

#include "sb/core/random.h"

namespace sb::sim {

/// A source of chance of a run: the same seed gives the same run on every machine
/// (SplitMix64). Thread: externally locked.
class Rng final : public Random {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  /// 0 to `bound` - 1.
  template <class T>
  T below(T bound) {
    return static_cast<T>(next() % static_cast<std::uint64_t>(bound));
  }
  /// `low` to `high`, both included.
  template <class T>
  T between(T low, T high) {
    return static_cast<T>(low + below(high - low + 1));
  }
  /// True in `percent` of a hundred cases.
  bool percent(int percent) { return below(100) < percent; }
  std::chrono::microseconds delay_up_to(std::chrono::milliseconds most) {
    return std::chrono::microseconds(
        between<std::int64_t>(0, std::chrono::microseconds(most).count()));
  }

 private:
  std::uint64_t state_;
};

}  // namespace sb::sim
