#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/core/check.h"
#include "sb/core/hash.h"
#include "sb/core/mutant.h"
#include "sb/core/result.h"
#include "sb/snapshot/update.h"

namespace sb::snapshot {

/// The producers of facts and their lives. Index 0 is our own domains. Bounded: producers and
/// remembered lives.
class SourceTable {
 public:
  explicit SourceTable(std::size_t sources_max) : sources_max_(sources_max) {
    (void)add("snapboard");
  }

  Result<SourceId> intern(std::string_view name) {
    if (at(last_).name == name) return last_;
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
      return last_ = found->second;
    }
    if (sources_.size() > sources_max_) {
      return fail(ErrorCode::limit_exceeded, "too many event sources");
    }
    return last_ = add(name);
  }
  /// Takes back the one interned last, as if nobody had named it. REQUIRES: nothing refers to it.
  void forget(SourceId source) {
    SB_CHECK(source != SourceId::own && static_cast<std::size_t>(source) + 1 == sources_.size(),
             "only the newest source can be forgotten");
    by_name_.erase(sources_.back().name);
    sources_.pop_back();
    last_ = SourceId::own;
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
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(std::string_view name) const { return hash_text(name); }
  };

  SourceId add(std::string_view name) {
    sources_.push_back({std::string(name), {}, 0});
    const auto id = static_cast<SourceId>(sources_.size() - 1);
    by_name_.emplace(sources_.back().name, id);
    return id;
  }
  Source& at(SourceId source) { return sources_.at(static_cast<std::size_t>(source)); }
  [[nodiscard]] const Source& at(SourceId source) const {
    return sources_.at(static_cast<std::size_t>(source));
  }
  std::deque<Source> sources_;  // names do not move
  boost::unordered_flat_map<std::string_view, SourceId, Hash> by_name_;
  SourceId last_ = SourceId::own;  // asked for, as producers speak more than once
  std::size_t sources_max_;
};

}  // namespace sb::snapshot
