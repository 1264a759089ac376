#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "sb/core/clock.h"
#include "sb/model/ids.h"
#include "sb/snapshot/entry.h"

#include "id_ref.h"

namespace sb::snapshot {

struct Entity;

/// One id of one project in the order of its last change: part of an entity, or a tombstone
/// (`entity` null) of what was removed or moved away.
struct IndexNode {
  Revision revision = 0;        ///< of the last change, hidden or not; 0: not in the order
  Revision shown_revision = 0;  ///< of the last change a view without hidden statuses can see:
                                ///< what is hidden was told once, when it became hidden
  Entity* entity = nullptr;
  IndexNode* older = nullptr;
  IndexNode* newer = nullptr;
  bool shown = false;  ///< in views without hidden statuses

  [[nodiscard]] bool linked() const { return revision != 0; }
  [[nodiscard]] const model::WorkspaceId& id() const;  // entity.h
};

/// What stands in the order for an id that is not there any more.
struct IndexTombstone : IndexNode {
  model::WorkspaceId id;
  MonoTime gone_at{};  ///< when it went
};

/// Every id of a project exactly once, ordered by last revision; what is gone leaves a tombstone
/// until it expires. `changes since R` walks from the newest end and stops at R: the cost is the
/// size of the answer. Borrows the nodes of entities, owns the tombstones.
class ChangeIndex {
 public:
  ChangeIndex() = default;
  ChangeIndex(const ChangeIndex&) = delete;
  ChangeIndex& operator=(const ChangeIndex&) = delete;

  /// Lets the node of `id` continue its tombstone, which goes. True when there was one.
  /// REQUIRES: `node` is not linked.
  bool revive(IndexNode& node, const model::WorkspaceId& id) {
    const auto found = tombstones_.find(IdRef(id));
    if (found == tombstones_.end()) return false;
    node.shown_revision = (*found)->shown_revision;
    unlink(**found);
    tombstones_.erase(found);
    return true;
  }
  /// Takes the node of `id` out and answers the tombstone that continues it, to be touched.
  IndexTombstone& bury(IndexNode& node, const model::WorkspaceId& id, MonoTime gone_at) {
    auto made = std::make_unique<IndexTombstone>();
    IndexTombstone& tombstone = *made;
    tombstone.id = id;
    tombstone.gone_at = gone_at;
    tombstone.shown = node.shown;
    tombstone.shown_revision = node.shown_revision;
    unlink(node);
    node = IndexNode{.entity = node.entity};
    tombstones_.insert(std::move(made));
    return tombstone;
  }
  /// Moves a node to the newest end. REQUIRES: `revision` is at least that of the newest node.
  void touch(IndexNode& node, Revision revision) {
    unlink(node);
    node.revision = revision;
    node.older = newest_;
    node.newer = nullptr;
    if (newest_ != nullptr) newest_->newer = &node;
    newest_ = &node;
    if (oldest_ == nullptr) oldest_ = &node;
  }
  /// Nobody is in the order any more.
  void clear() {
    while (newest_ != nullptr) unlink(*newest_);
    tombstones_.clear();
  }
  void erase(IndexTombstone& tombstone) {
    unlink(tombstone);
    tombstones_.erase(tombstones_.find(&tombstone));
  }
  [[nodiscard]] IndexNode* newest() const { return newest_; }
  [[nodiscard]] IndexNode* oldest() const { return oldest_; }
  /// How many nodes are tombstones.
  [[nodiscard]] std::size_t gone() const { return tombstones_.size(); }

 private:
  void unlink(IndexNode& node) {
    if (!node.linked()) return;
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    node.older = node.newer = nullptr;
    node.revision = 0;
  }

  IdSet<std::unique_ptr<IndexTombstone>> tombstones_;
  IndexNode* newest_ = nullptr;
  IndexNode* oldest_ = nullptr;
};

}  // namespace sb::snapshot
