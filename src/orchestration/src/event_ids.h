#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "sb/core/hash.h"

namespace sb::orchestration {

/// The latest event ids of one source. Kept as 64 bits of each, so that a busy source costs the
/// same whatever it calls its events and nothing is allocated once the window is full; two ids are
/// taken for one another about once in 10^15 events. Thread: confined to the loop.
class EventIds {
 public:
  static constexpr std::size_t kRemembered = 10'000;  // ids (protocol, section 5)

  enum class Mark : std::uint64_t {};
  [[nodiscard]] static Mark mark(std::string_view id) { return static_cast<Mark>(fingerprint(id)); }

  [[nodiscard]] bool contains(Mark mark) const { return seen_.contains(mark); }
  /// REQUIRES: it is not remembered.
  void add(Mark mark) {
    seen_.insert(mark);
    if (order_.size() < kRemembered) {
      order_.push_back(mark);
      return;
    }
    seen_.erase(order_[oldest_]);
    order_[oldest_] = mark;
    oldest_ = (oldest_ + 1) % kRemembered;
  }

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(Mark mark) const { return static_cast<std::size_t>(mark); }
  };
  boost::unordered_flat_set<Mark, Hash> seen_;
  std::vector<Mark> order_;  // a ring once it is full
  std::size_t oldest_ = 0;
};

}  // namespace sb::orchestration
