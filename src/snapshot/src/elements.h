#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/model/facts.h"
#include "sb/snapshot/update.h"

#include "origins.h"

namespace sb::snapshot {

inline constexpr std::size_t kElementTombstonesMax = 128;  // removed ones remembered

/// One collection of an entity: each element a fact of its own, with its stamps and, once removed,
/// a tombstone. Order: by element id, so that the same facts in any order give the same list.
template <class T>
class Elements {
 public:
  enum class Fate { changed, unchanged, stale };

  struct Slot {
    std::string id;
    T value;
    bool removed = false;
    LabelId label = LabelId::none;
    SourceId owner;   ///< first stated it: only its whole lists imply absence
    SourceId holder;  ///< stated the value shown
    SourceStamps stamps;
    WallTime at{};  ///< when the value was last stated, by an update of that label
    [[nodiscard]] model::Stamp stamp() const { return *stamps.find(holder); }
  };

  Fate upsert(SourceId source, const model::Stamp& stamp, const T& value, Seen seen = {}) {
    const std::string& id = model::element_id(value);
    Slot* slot = find_slot(id);
    if (slot == nullptr) {
      if (!floors_.is_newer(source, stamp)) return Fate::stale;
      SourceStamps stamps;
      stamps.raise(source, stamp);
      insert(Slot{id, value, false, seen.label, source, source, std::move(stamps), seen.at});
      ++live_;
      return Fate::changed;
    }
    if (!slot->stamps.is_newer(source, stamp)) return Fate::stale;
    if (slot->removed) {
      if (!floors_.is_newer(source, stamp)) return Fate::stale;
      slot->owner = source;
    }
    slot->stamps.raise(source, stamp);
    slot->holder = source;
    slot->label = seen.label;
    slot->at = seen.at;
    const bool moved = slot->removed || !(slot->value == value);
    if (slot->removed) ++live_;
    slot->removed = false;
    if (moved) slot->value = value;
    return moved ? Fate::changed : Fate::unchanged;
  }

  Fate remove(SourceId source, const model::Stamp& stamp, const std::string& id) {
    Slot* slot = find_slot(id);
    if (slot == nullptr) {
      if (!floors_.is_newer(source, stamp)) return Fate::stale;
      SourceStamps stamps;
      stamps.raise(source, stamp);
      insert(Slot{id, T{}, true, LabelId::none, source, source, std::move(stamps), WallTime{}});
      bound_tombstones();
      return Fate::unchanged;
    }
    if (!slot->stamps.is_newer(source, stamp)) return Fate::stale;
    slot->stamps.raise(source, stamp);
    slot->holder = source;
    if (slot->removed) return Fate::unchanged;
    slot->removed = true;
    slot->value = T{};
    --live_;
    bound_tombstones();
    return Fate::changed;
  }

  /// `list` is everything `source` has as of `stamp`: a fenced absence of its other elements.
  Fate replace(SourceId source, const model::Stamp& stamp, const std::vector<T>& list,
               Seen seen = {}) {
    Fate fate = Fate::stale;
    const auto join = [&](Fate one) {
      if (one == Fate::changed || fate == Fate::stale) fate = one;
    };
    if (floors_.is_newer(source, stamp)) join(Fate::unchanged);
    for (const T& value : list) join(upsert(source, stamp, value, seen));
    const auto listed = ids_of(list);
    for (Slot& slot : slots_) {
      if (slot.owner != source || !slot.stamps.is_newer(source, stamp) ||
          std::binary_search(listed.begin(), listed.end(), slot.id)) {
        continue;
      }
      // Said of what is removed already as well: the order of both must not matter.
      slot.stamps.raise(source, stamp);
      slot.holder = source;
      if (slot.removed) continue;
      slot.removed = true;
      slot.value = T{};
      --live_;
      join(Fate::changed);
    }
    floors_.raise(source, stamp);
    bound_tombstones();
    reported_ = true;
    return fate;
  }

  /// True when taking `patch` in would add to a collection that holds as many as it may, or make it
  /// one that does not. What a whole list leaves out makes room for what it names.
  [[nodiscard]] bool overflows(SourceId source, const model::Stamp& stamp,
                               const model::ElementsPatch<T>& patch) const {
    if (live_ + patch.upserts.size() <= kElementsMax) return false;
    const auto listed = ids_of(patch.upserts);
    std::size_t live = listed.size();
    for (const Slot& slot : slots_) {
      if (slot.removed || std::binary_search(listed.begin(), listed.end(), slot.id)) continue;
      const bool unlisted = patch.whole && slot.owner == source;
      const bool leaves = unlisted || std::find(patch.removals.begin(), patch.removals.end(),
                                                slot.id) != patch.removals.end();
      if (!leaves || !slot.stamps.is_newer(source, stamp)) ++live;
    }
    return live > std::max(kElementsMax, live_);
  }

  /// Voids what `source` said up to `stamp`: the workspace was removed then and came back later.
  bool void_older(SourceId source, const model::Stamp& stamp) {
    bool moved = false;
    for (Slot& slot : slots_) {
      if (slot.removed || slot.holder != source || slot.stamp() > stamp) continue;
      slot.removed = true;
      slot.value = T{};
      --live_;
      moved = true;
    }
    floors_.raise(source, stamp);
    return moved;
  }

  /// As of when an element is known to be absent to `source`: removed, or not in a whole list.
  /// Nothing while it lives, and when nobody said so.
  [[nodiscard]] std::optional<model::Stamp> absent_since(SourceId source,
                                                         std::string_view id) const {
    std::optional<model::Stamp> since = floors_.find(source);
    if (const Slot* slot = find(id)) {
      if (!slot->removed) return std::nullopt;
      if (slot->holder == source && (!since || slot->stamp() > *since)) since = slot->stamp();
    }
    return since;
  }
  [[nodiscard]] const Slot* find(std::string_view id) const {
    const auto at = lower_bound(id);
    return at != slots_.end() && at->id == id ? &*at : nullptr;
  }
  /// Null for one that is not there.
  [[nodiscard]] const T* live_value(std::string_view id) const {
    const Slot* slot = find(id);
    return slot == nullptr || slot->removed ? nullptr : &slot->value;
  }
  template <class Fn>
  void each_live(Fn&& fn) const {
    for (const Slot& slot : slots_) {
      if (!slot.removed) fn(slot);
    }
  }
  [[nodiscard]] std::size_t live() const { return live_; }
  /// True once any source said anything about this collection.
  [[nodiscard]] bool reported() const { return reported_ || !slots_.empty(); }

 private:
  // Sorted, each once.
  static std::vector<std::string> ids_of(const std::vector<T>& list) {
    std::vector<std::string> ids;
    ids.reserve(list.size());
    for (const T& value : list) ids.emplace_back(model::element_id(value));
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }
  auto lower_bound(std::string_view id) const {
    return std::lower_bound(slots_.begin(), slots_.end(), id,
                            [](const Slot& slot, std::string_view key) { return slot.id < key; });
  }
  Slot* find_slot(std::string_view id) {
    const auto at = lower_bound(id);
    if (at == slots_.end() || at->id != id) return nullptr;
    return &slots_[static_cast<std::size_t>(at - slots_.begin())];
  }
  void insert(Slot slot) {
    const auto at = lower_bound(slot.id);
    slots_.insert(at, std::move(slot));
  }
  // Forgets the oldest tombstones; the floor keeps what they forbade forbidden.
  void bound_tombstones() {
    while (slots_.size() - live_ > kElementTombstonesMax) {
      auto oldest = slots_.end();
      for (auto at = slots_.begin(); at != slots_.end(); ++at) {
        if (at->removed && (oldest == slots_.end() || at->stamp() < oldest->stamp())) oldest = at;
      }
      floors_.raise(oldest->stamps);
      slots_.erase(oldest);
      reported_ = true;
    }
  }

  std::vector<Slot> slots_;  // sorted by id, tombstones included
  SourceStamps floors_;      // per source: unknown ids up to here are absent
  std::size_t live_ = 0;
  bool reported_ = false;
};

}  // namespace sb::snapshot
