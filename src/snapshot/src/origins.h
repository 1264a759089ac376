#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sb/core/mutant.h"
#include "sb/model/facts.h"
#include "sb/model/stamp.h"
#include "sb/snapshot/update.h"

#include "seen.h"

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

/// The newest stamp per source: a join, so that the order of arrival does not matter. Mostly of one
/// source, which needs no allocation.
class SourceStamps {
 public:
  using Held = std::pair<SourceId, model::Stamp>;

  [[nodiscard]] std::optional<model::Stamp> find(SourceId source) const {
    const model::Stamp* held = get(source);
    return held != nullptr ? std::optional(*held) : std::nullopt;
  }
  void raise(SourceId source, const model::Stamp& stamp) {
    if (model::Stamp* held = get(source)) {
      *held = std::max(*held, stamp);
    } else if (empty_) {
      first_ = stamp;
      first_source_ = source;
      empty_ = false;
    } else {
      if (!more_) more_ = std::make_unique<std::vector<Held>>();
      more_->emplace_back(source, stamp);
    }
  }
  void raise(const SourceStamps& other) {
    other.each([&](SourceId source, const model::Stamp& stamp) { raise(source, stamp); });
  }
  /// True when `stamp` is newer than what is held of `source`.
  [[nodiscard]] bool is_newer(SourceId source, const model::Stamp& stamp) const {
    const model::Stamp* held = get(source);
    return held == nullptr || stamp > *held || (SB_MUTANT(equal_stamp_accepted) && stamp == *held);
  }
  /// Calls `fn(source, stamp)` for each source.
  template <class Fn>
  void each(Fn&& fn) const {
    if (empty_) return;
    fn(first_source_, first_);
    if (!more_) return;
    for (const auto& [source, stamp] : *more_) fn(source, stamp);
  }

 private:
  [[nodiscard]] const model::Stamp* get(SourceId source) const {
    if (empty_) return nullptr;
    if (first_source_ == source) return &first_;
    if (!more_) return nullptr;
    for (const auto& held : *more_) {
      if (held.first == source) return &held.second;
    }
    return nullptr;
  }
  [[nodiscard]] model::Stamp* get(SourceId source) {
    return const_cast<model::Stamp*>(std::as_const(*this).get(source));  // NOLINT: ours
  }

  model::Stamp first_;
  SourceId first_source_ = SourceId::own;
  bool empty_ = true;
  std::unique_ptr<std::vector<Held>> more_;  // of the second source and later ones
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
    return slot == kNone ? nullptr : &at(slot).origin;
  }
  /// The newest stamp accepted for a key from one source, also if another source holds the key now.
  /// Null when there is none.
  [[nodiscard]] const model::Stamp* held(model::Field field, SourceId source) const {
    const Origin* origin = holder(field);
    if (origin != nullptr && origin->source == source) return &origin->stamp;
    for (const auto& shadow : shadows_) {
      if (shadow.field == field && shadow.source == source) return &shadow.stamp;
    }
    return nullptr;
  }
  /// The keys somebody reported.
  [[nodiscard]] model::FieldSet known() const { return known_; }
  /// When and by what the fact held for a key was last stated. REQUIRES: somebody reported it.
  [[nodiscard]] Seen seen(model::Field field) const {
    const Slot& slot = at(slot_[index(field)]);
    const auto millis = static_cast<std::int64_t>(slot.at_high) << 32U | slot.at_low;
    return {WallTime(std::chrono::milliseconds(millis)), slot.label};
  }
  /// The keys our own domains hold.
  [[nodiscard]] model::FieldSet own() const { return own_; }
  void set(model::Field field, const Origin& origin, Seen seen = {}) {
    known_.insert(field);
    origin.source == SourceId::own ? own_.insert(field) : own_.erase(field);
    std::uint8_t& place = slot_[index(field)];
    if (place != kNone) {
      Slot& old = at(place);
      if (old.origin.source != origin.source) overshadow(field, old.origin, origin.source);
      --old.uses;
    }
    place = slot_for(origin, seen);
  }
  /// Makes a key unknown again.
  void forget(model::Field field) {
    known_.erase(field);
    own_.erase(field);
    std::uint8_t& place = slot_[index(field)];
    if (place != kNone) --at(place).uses;
    place = kNone;
  }

 private:
  static constexpr std::uint8_t kNone = 255;
  struct Slot {
    Origin origin;
    std::uint8_t uses = 0;
    LabelId label = LabelId::none;
    std::uint16_t at_high = 0;  // of 48 bits of milliseconds since 1970: eight bytes with the rest
    std::uint32_t at_low = 0;
  };
  struct Shadow {
    model::Field field;
    SourceId source;
    model::Stamp stamp;
  };

  static std::size_t index(model::Field field) { return static_cast<std::size_t>(field); }
  // Where a key's place says: always one there is, so that nothing is looked up to check it.
  [[nodiscard]] const Slot& at(std::uint8_t place) const { return slots_.data()[place]; }
  [[nodiscard]] Slot& at(std::uint8_t place) { return slots_.data()[place]; }
  void overshadow(model::Field field, const Origin& old, SourceId by) {
    std::erase_if(shadows_, [&](const Shadow& shadow) {
      return shadow.field == field && shadow.source == by;
    });
    shadows_.push_back({field, old.source, old.stamp});
  }
  std::uint8_t slot_for(const Origin& origin, Seen seen) {
    Slot* free = nullptr;
    for (Slot& slot : slots_) {
      if (slot.uses == 0) {
        free = &slot;
      } else if (slot.origin.ingest ==
                 origin.ingest) {  // one ingest is one event: same source, same stamp
        ++slot.uses;
        return place_of(slot);
      }
    }
    if (free == nullptr) free = &slots_.emplace_back();
    const auto millis = static_cast<std::uint64_t>(seen.at.time_since_epoch().count());
    *free = {origin, 1, seen.label, static_cast<std::uint16_t>(millis >> 32U),
             static_cast<std::uint32_t>(millis)};
    return place_of(*free);
  }
  [[nodiscard]] std::uint8_t place_of(const Slot& slot) const {
    return static_cast<std::uint8_t>(&slot - slots_.data());
  }

  model::FieldSet known_;
  model::FieldSet own_;
  std::array<std::uint8_t, model::kScalarCount> slot_;
  std::vector<Slot> slots_;
  std::vector<Shadow> shadows_;
};

}  // namespace sb::snapshot
