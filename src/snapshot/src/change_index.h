#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sb/core/clock.h"
#include "sb/model/ids.h"
#include "sb/snapshot/entry.h"

#include "id_ref.h"

namespace sb::snapshot {

struct Entity;

/// One id of one project in the order of its last change. `entity` null: removed or moved away.
struct IndexNode {
  model::WorkspaceId id;
  Revision revision = 0;        ///< of the last change, hidden or not
  Revision shown_revision = 0;  ///< of the last change a view without hidden statuses can see:
                                ///< what is hidden was told once, when it became hidden
  Entity* entity = nullptr;
  MonoTime gone_at{};  ///< when `entity` became null
  bool shown = false;  ///< in views without hidden statuses
  IndexNode* older = nullptr;
  IndexNode* newer = nullptr;
};

/// Every id of a project exactly once, ordered by last revision; what is gone leaves a tombstone
/// until it expires. `changes since R` walks from the newest end and stops at R: the cost is the
/// size of the answer.
class ChangeIndex {
 public:
  ChangeIndex() = default;
  ChangeIndex(const ChangeIndex&) = delete;
  ChangeIndex& operator=(const ChangeIndex&) = delete;

  /// The node of an id, made when missing (revision 0, not yet in the order).
  IndexNode& node(const model::WorkspaceId& id) {
    if (const auto found = nodes_.find(id); found != nodes_.end()) return *found->second;
    auto made = std::make_unique<IndexNode>();
    made->id = id;
    IndexNode& node = *made;
    nodes_.emplace(node.id, std::move(made));
    return node;
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
  void erase(IndexNode& node) {
    unlink(node);
    nodes_.erase(nodes_.find(node.id));
  }
  [[nodiscard]] IndexNode* newest() const { return newest_; }
  [[nodiscard]] IndexNode* oldest() const { return oldest_; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  void unlink(IndexNode& node) {
    if (node.revision == 0) return;
    (node.older != nullptr ? node.older->newer : oldest_) = node.newer;
    (node.newer != nullptr ? node.newer->older : newest_) = node.older;
    node.older = node.newer = nullptr;
  }

  std::unordered_map<IdRef, std::unique_ptr<IndexNode>, IdRefHash> nodes_;
  IndexNode* newest_ = nullptr;
  IndexNode* oldest_ = nullptr;
};

}  // namespace sb::snapshot
