#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"

namespace sb::snapshot {

/// A label of updates ("event:git_read", "reconciliation"), interned. 0: none, or one too many.
enum class LabelId : std::uint8_t { none = 0 };

/// When and by what a fact was last stated. For display only: nothing is decided by it.
struct Seen {
  WallTime at{};
  LabelId label = LabelId::none;
};

/// The labels ever used: a few dozen, event types and kinds of passes. Bounded by the id.
/// Thread: confined to the loop, inside the store.
class LabelTable {
 public:
  LabelId intern(std::string_view label) {
    if (label == labels_[last_]) return static_cast<LabelId>(last_);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (labels_[i] != label) continue;
      last_ = i;
      return static_cast<LabelId>(i);
    }
    if (labels_.size() >= kLabelsMax) return LabelId::none;
    last_ = labels_.size();
    labels_.emplace_back(label);
    return static_cast<LabelId>(last_);
  }
  [[nodiscard]] std::string_view text(LabelId label) const {
    return labels_.at(static_cast<std::size_t>(label));
  }

 private:
  static constexpr std::size_t kLabelsMax = 255;  // labels
  std::vector<std::string> labels_{""};
  std::size_t last_ = 0;
};

}  // namespace sb::snapshot
