#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/mutant.h"
#include "sb/core/result.h"
#include "sb/snapshot/update.h"

namespace sb::snapshot {

/// The producers of facts and their lives. Index 0 is our own domains. Bounded: producers and
/// remembered lives.
class SourceTable {
 public:
  explicit SourceTable(std::size_t sources_max) : sources_max_(sources_max) {
    sources_.push_back({"snapboard", {}, 0});
  }

  Result<SourceId> intern(std::string_view name) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].name == name) return static_cast<SourceId>(i);
    }
    if (sources_.size() > sources_max_) {
      return fail(ErrorCode::limit_exceeded, "too many event sources");
    }
    sources_.push_back({std::string(name), {}, 0});
    return static_cast<SourceId>(sources_.size() - 1);
  }
  [[nodiscard]] std::string_view name(SourceId source) const { return at(source).name; }

  /// Ordinal of a life: the current one, the next one when new, nothing when retired.
  std::optional<std::uint32_t> epoch(SourceId source, std::string_view life) {
    Source& held = at(source);
    if (!held.lives.empty() && held.lives.back() == life) return held.current;
    if (std::find(held.lives.begin(), held.lives.end(), life) != held.lives.end()) {
      if (SB_MUTANT(old_epoch_accepted)) return held.current;
      return std::nullopt;
    }
    held.lives.emplace_back(life);
    if (held.lives.size() > kLivesMax) held.lives.erase(held.lives.begin());
    return ++held.current;
  }
  [[nodiscard]] std::uint32_t current_epoch(SourceId source) const { return at(source).current; }
  [[nodiscard]] std::size_t size() const { return sources_.size(); }

 private:
  static constexpr std::size_t kLivesMax = 1'000;  // remembered lives of one source
  struct Source {
    std::string name;
    std::vector<std::string> lives;  // oldest first; the last is current
    std::uint32_t current = 0;
  };
  Source& at(SourceId source) { return sources_.at(static_cast<std::size_t>(source)); }
  [[nodiscard]] const Source& at(SourceId source) const {
    return sources_.at(static_cast<std::size_t>(source));
  }
  std::vector<Source> sources_;
  std::size_t sources_max_;
};

}  // namespace sb::snapshot
