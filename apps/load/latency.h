#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sb::load {

/// Counts durations in steps of about 1.5 %.
class Histogram {
 public:
  void add(std::uint64_t nanos);
  void clear() { *this = {}; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  /// The duration that `share` of them (0 to 1) do not exceed, in nanoseconds; 0 when empty.
  [[nodiscard]] std::uint64_t quantile(double share) const;

 private:
  std::vector<std::uint32_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

/// Follows marked events to their clients: each client tells which mark it saw on a workspace, and
/// by that it has everything up to there.
class Deliveries {
 public:
  /// A client's place in each workspace's own list of events.
  using Seen = std::vector<std::uint32_t>;

  /// An event goes out, to be seen by `readers`. Marks grow.
  void sent(std::uint32_t mark, std::uint32_t workspace, std::uint64_t at, std::uint32_t readers);
  /// A client shows `mark` on `workspace`.
  void seen(Seen& client, std::uint32_t workspace, std::uint32_t mark, std::uint64_t now);
  /// Forgets what was measured; events under way go on and are not counted.
  void start_measuring(std::uint64_t now);
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }

  Histogram each;  ///< event to a client
  Histogram last;  ///< event to its last client

 private:
  struct Event {
    std::uint64_t at;
    std::uint32_t left;
  };
  std::vector<Event> events_{{}};                  // by mark
  std::vector<std::vector<std::uint32_t>> lists_;  // marks of each workspace
  std::uint64_t outstanding_ = 0;
  std::uint64_t measured_from_ = 0;
};

}  // namespace sb::load
