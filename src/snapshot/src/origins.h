#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sb/model/facts.h"
#include "sb/model/stamp.h"
#include "sb/snapshot/update.h"

namespace sb::snapshot {

/// Who stated a fact, where in that source's order, and when it reached the store (for comparing
/// across sources).
struct Origin {
  SourceId source = SourceId::own;
  model::Stamp stamp;
  std::uint64_t ingest = 0;
};

/// True when a fact of origin `a` is not older than one of origin `b`: by stamp within a source, by
/// arrival across.
[[nodiscard]] inline bool not_older(const Origin& a, const Origin& b) {
  return a.source == b.source ? a.stamp >= b.stamp : a.ingest >= b.ingest;
}

/// The newest stamp per source: a join, so that the order of arrival does not matter.
class SourceStamps {
 public:
  [[nodiscard]] std::optional<model::Stamp> find(SourceId source) const {
    for (const auto& [held, stamp] : stamps_) {
      if (held == source) return stamp;
    }
    return std::nullopt;
  }
  void raise(SourceId source, const model::Stamp& stamp) {
    for (auto& [held, old] : stamps_) {
      if (held == source) {
        old = std::max(old, stamp);
        return;
      }
    }
    stamps_.emplace_back(source, stamp);
  }
  /// True when `stamp` is newer than what is held of `source`.
  [[nodiscard]] bool is_newer(SourceId source, const model::Stamp& stamp) const {
    const auto held = find(source);
    return !held || stamp > *held;
  }
  [[nodiscard]] const auto& all() const { return stamps_; }

 private:
  std::vector<std::pair<SourceId, model::Stamp>> stamps_;
};

/// The origin of each scalar of one entity, kept small: facts of one event share one slot.
/// A source that was superseded on a key leaves its stamp behind, so that its late facts stay
/// stale.
class ScalarOrigins {
 public:
  ScalarOrigins() { slot_.fill(kNone); }

  /// The origin of the fact held for a key; null when nobody reported it.
  [[nodiscard]] const Origin* holder(model::Field field) const {
    const std::uint8_t slot = slot_[index(field)];
    return slot == kNone ? nullptr : &slots_[slot].origin;
  }
  /// The newest stamp accepted for a key from one source, also if another source holds the key now.
  [[nodiscard]] std::optional<model::Stamp> held(model::Field field, SourceId source) const {
    const Origin* origin = holder(field);
    if (origin != nullptr && origin->source == source) return origin->stamp;
    for (const auto& shadow : shadows_) {
      if (shadow.field == field && shadow.source == source) return shadow.stamp;
    }
    return std::nullopt;
  }
  void set(model::Field field, const Origin& origin) {
    if (const Origin* old = holder(field); old != nullptr && old->source != origin.source) {
      std::erase_if(shadows_, [&](const Shadow& shadow) {
        return shadow.field == field && shadow.source == origin.source;
      });
      shadows_.push_back({field, old->source, old->stamp});
    }
    clear_slot(field);
    slot_[index(field)] = slot_for(origin);
  }
  /// Makes a key unknown again.
  void forget(model::Field field) {
    clear_slot(field);
    slot_[index(field)] = kNone;
  }

 private:
  static constexpr std::uint8_t kNone = 255;
  struct Slot {
    Origin origin;
    std::uint8_t uses = 0;
  };
  struct Shadow {
    model::Field field;
    SourceId source;
    model::Stamp stamp;
  };

  static std::size_t index(model::Field field) { return static_cast<std::size_t>(field); }
  void clear_slot(model::Field field) {
    const std::uint8_t slot = slot_[index(field)];
    if (slot != kNone) --slots_[slot].uses;
  }
  std::uint8_t slot_for(const Origin& origin) {
    std::uint8_t free = kNone;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      if (slot.uses == 0) {
        free = static_cast<std::uint8_t>(i);
      } else if (slot.origin.ingest ==
                 origin.ingest) {  // one ingest is one event: same source, same stamp
        ++slot.uses;
        return static_cast<std::uint8_t>(i);
      }
    }
    if (free == kNone) {
      free = static_cast<std::uint8_t>(slots_.size());
      slots_.emplace_back();
    }
    slots_[free] = {origin, 1};
    return free;
  }

  std::array<std::uint8_t, model::kScalarCount> slot_;
  std::vector<Slot> slots_;
  std::vector<Shadow> shadows_;
};

}  // namespace sb::snapshot
