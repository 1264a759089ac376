#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/ids.h"

#include "id_ref.h"
#include "origins.h"

namespace sb::snapshot {

/// What is gone, with the newest stamp of everybody who spoke of it, so that late facts cannot
/// bring it back. Oldest first, never more than the limit. Thread: confined to the loop, inside the
/// store.
class Graveyard {
 public:
  struct Grave {
    model::WorkspaceId id;
    model::ProjectId project;  ///< empty: it was never seen
    SourceStamps stamps;
    MonoTime at{};
  };
  explicit Graveyard(std::size_t graves_max) : graves_max_(graves_max) {}

  /// Replaces an older grave of the same id; the oldest go when there are too many.
  void bury(Grave grave) {
    erase(grave.id);
    graves_.push_back(std::move(grave));
    by_id_.emplace(graves_.back().id, std::prev(graves_.end()));
    while (graves_.size() > graves_max_) erase_oldest();
  }
  [[nodiscard]] Grave* find(const model::WorkspaceId& id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &*found->second;
  }
  /// True when a fact of this stamp is not newer than what the grave holds of its source.
  [[nodiscard]] bool blocks(const model::WorkspaceId& id, SourceId source,
                            const model::Stamp& stamp) {
    const Grave* grave = find(id);
    return grave != nullptr && !grave->stamps.is_newer(source, stamp);
  }
  void erase(const model::WorkspaceId& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    const auto grave = found->second;
    by_id_.erase(found);
    graves_.erase(grave);
  }
  template <class OldEnough>
  void expire(OldEnough&& old_enough) {
    while (!graves_.empty() && old_enough(graves_.front().at)) erase_oldest();
  }
  /// Adds the ids to `gone`.
  void forget_project(const model::ProjectId& project, std::vector<model::WorkspaceId>& gone) {
    for (auto grave = graves_.begin(); grave != graves_.end();) {
      const auto next = std::next(grave);
      if (grave->project == project) {
        by_id_.erase(by_id_.find(grave->id));
        gone.push_back(std::move(grave->id));
        graves_.erase(grave);
      }
      grave = next;
    }
  }
  [[nodiscard]] std::size_t size() const { return graves_.size(); }
  /// The ids whose graves were dropped since the last call, for want of room or for their age.
  [[nodiscard]] std::vector<model::WorkspaceId> take_dropped() {
    return std::exchange(dropped_, {});
  }

 private:
  void erase_oldest() {
    if (dropped_.size() < graves_max_) dropped_.push_back(graves_.front().id);
    by_id_.erase(by_id_.find(graves_.front().id));
    graves_.pop_front();
  }

  std::size_t graves_max_;
  std::vector<model::WorkspaceId> dropped_;
  std::list<Grave> graves_;  // oldest first
  std::unordered_map<IdRef, std::list<Grave>::iterator, IdHash> by_id_;
};

}  // namespace sb::snapshot
