#pragma once

#include "sb/core/clock.h"
#include "sb/model/event.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// Adds what an event states to `into`, as facts (protocol, section 5); takes the texts out of its
/// data. Reads the store only where an event refers to an element by id. `wall` is the time shown
/// for a new pending request. Not for workspace.removed and source.synced.
void to_facts(model::ExternalEvent& event, const snapshot::Store& store, WallTime wall,
              model::FactPatch& into);

}  // namespace sb::orchestration
