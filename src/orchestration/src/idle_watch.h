#pragma once

#include <unordered_set>

#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// What everybody sees of a workspace now; false while the store is filled and nothing is
/// published.
[[nodiscard]] inline bool shown_working(const snapshot::Store& store,
                                        const model::WorkspaceId& id) {
  const auto entry = store.entry(id);
  return entry && entry->text != nullptr &&
         entry->text->member(model::Field::isWorking).ends_with("true");
}
/// Some agent there waits for the user.
[[nodiscard]] inline bool shown_waiting(const snapshot::Store& store,
                                        const model::WorkspaceId& id) {
  const auto entry = store.entry(id);
  return entry && entry->text != nullptr &&
         !entry->text->member(model::Field::pendingRequestType).ends_with("null");
}

/// Notices when the last agent of a workspace stops working, as everybody sees it. Thread: confined
/// to the loop. Borrows the store.
class IdleWatch {
 public:
  explicit IdleWatch(const snapshot::Store& store) : store_(&store) {}

  /// To be called after facts about sessions of a workspace were applied. True when work has just
  /// ended.
  bool look(const model::WorkspaceId& id) {
    if (shown_working(*store_, id)) {
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
