#pragma once

#include <unordered_set>

#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// Notices when the last agent of a workspace stops working, as everybody sees it. Thread: confined
/// to the loop. Borrows the store.
class IdleWatch {
 public:
  explicit IdleWatch(const snapshot::Store& store) : store_(&store) {}

  /// To be called after facts about sessions of a workspace were applied. True when work has just
  /// ended.
  bool look(const model::WorkspaceId& id) {
    const auto entry = store_->entry(id);
    // While the store is filled nothing is published yet.
    if (entry && entry->text != nullptr &&
        entry->text->member(model::Field::isWorking).ends_with("true")) {
      working_.insert(id);
      return false;
    }
    return working_.erase(id) != 0;
  }
  /// Forgets workspaces that are gone. Called once a pass.
  void prune() {
    std::erase_if(working_,
                  [&](const model::WorkspaceId& id) { return store_->facts(id) == nullptr; });
  }

 private:
  const snapshot::Store* store_;
  std::unordered_set<model::WorkspaceId> working_;  // of the store's entries, but for one pass
};

}  // namespace sb::orchestration
