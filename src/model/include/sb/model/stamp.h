#pragma once

#include <compare>
#include <cstdint>

namespace sb::model {

/// Position of a fact in its source's own order (architecture, sections 2 and 7). Never a wall
/// clock; compared only with stamps of the same source. `epoch` is the ordinal of the source's life
/// in order of first appearance; `sequence` the source's own number; `arrival` orders what came
/// without one: it continues the highest sequence seen before it.
struct Stamp {
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
  std::uint64_t arrival = 0;
  friend constexpr auto operator<=>(const Stamp&, const Stamp&) = default;
};

/// Counts commits of our own domains: rows at commit, reads before they begin. One for the process.
/// Thread: confined to the loop.
class OwnCounter {
 public:
  /// `floor`: the highest stamp any row holds, so that numbers never repeat across a restart.
  explicit OwnCounter(std::uint64_t floor = 0) : last_(floor) {}
  [[nodiscard]] Stamp next() { return Stamp{0, ++last_, 0}; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  void raise(std::uint64_t floor) {
    if (floor > last_) last_ = floor;
  }

 private:
  std::uint64_t last_;
};

}  // namespace sb::model
