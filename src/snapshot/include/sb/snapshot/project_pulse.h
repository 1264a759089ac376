#pragma once

#include <memory>

#include "sb/model/ids.h"
#include "sb/snapshot/entry.h"

namespace sb::snapshot {

class Store;

/// The revisions that every reader of one project compares first, after each commit. The store
/// moves them; whoever holds the pulse need not ask for the project by its name. Thread: confined
/// to the loop.
struct ProjectPulse {
  Revision head = 0;             ///< last change a watcher can see
  Revision last = 0;             ///< last change at all: of hidden entries too
  Revision floor = 0;            ///< tombstones below it were dropped: an older cursor is reset
  Revision reason_revision = 0;  ///< last change of any status reason, or of membership: must not
                                 ///< wait for coalescing
  bool gone = false;             ///< the project was removed
};

/// Holds on to the pulse of one project, and finds the new one when it was removed and is there
/// again. Thread: confined to the loop. Borrows the store.
class PulseHolder {
 public:
  explicit PulseHolder(const Store& store) : store_(&store) {}
  /// Null while there is no such project. REQUIRES: always the same id.
  [[nodiscard]] const ProjectPulse* get(const model::ProjectId& id) {
    if (pulse_ == nullptr || pulse_->gone) find(id);
    return pulse_.get();
  }

 private:
  void find(const model::ProjectId& id);

  const Store* store_;
  std::shared_ptr<const ProjectPulse> pulse_;
};

}  // namespace sb::snapshot
