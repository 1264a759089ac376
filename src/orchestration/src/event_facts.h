#pragma once

#include "sb/core/clock.h"
#include "sb/model/event.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// What an event states, as facts (protocol, section 5). Reads the store only where an event refers
/// to an element by id. `wall` is the time shown for a new pending request. Not for
/// workspace.removed and source.synced.
[[nodiscard]] model::FactPatch to_facts(const model::ExternalEvent& event,
                                        const snapshot::Store& store, WallTime wall);

}  // namespace sb::orchestration
