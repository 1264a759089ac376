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
  static constexpr std::size_t kRemembered = 10'000;   // ids at least (protocol, section 5)
  static constexpr std::size_t kForgottenAtOnce = 64;  // ids: each is a cache miss, together one

  enum class Mark : std::uint64_t {};
  [[nodiscard]] static Mark mark(std::string_view id) { return static_cast<Mark>(fingerprint(id)); }

  [[nodiscard]] bool contains(Mark mark) const { return seen_.contains(mark); }
  /// REQUIRES: it is not remembered.
  void add(Mark mark) {
    seen_.insert(mark);
    if (order_.size() < kRoom) {
      order_.push_back(mark);
    } else {
      order_[next_] = mark;
    }
    next_ = (next_ + 1) % kRoom;
    if (seen_.size() < kRoom) return;
    for (std::size_t i = 0; i < kForgottenAtOnce; ++i) seen_.erase(order_[(next_ + i) % kRoom]);
  }

 private:
  static constexpr std::size_t kRoom = kRemembered + kForgottenAtOnce;
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(Mark mark) const { return static_cast<std::size_t>(mark); }
  };
  boost::unordered_flat_set<Mark, Hash> seen_;
  std::vector<Mark> order_;  // a ring once it is full; the oldest may be forgotten already
  std::size_t next_ = 0;     // place of the next one
};

}  // namespace sb::orchestration
