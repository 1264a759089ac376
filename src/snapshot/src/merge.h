#pragma once

#include "sb/core/mutant.h"
#include "sb/snapshot/update.h"

#include "entity.h"

namespace sb::snapshot {

/// What merging one patch did, before anything is settled or published.
struct Merged {
  model::FieldSet accepted;  ///< keys whose stamp advanced (collections by their field)
  model::FieldSet rejected;  ///< keys held with a stamp at least as new
  model::FieldSet moved;     ///< accepted and the raw value differs
  bool unsettles = false;    ///< what settles from it may differ, whatever moved
};

/// True when its source has said as much or more about this key already.
[[nodiscard]] inline bool is_late(const ScalarOrigins& origins, model::Field field,
                                  const Origin& origin) {
  const model::Stamp* held = origins.held(field, origin.source);
  if (held == nullptr) return false;
  return SB_MUTANT(equal_stamp_accepted) ? origin.stamp < *held : origin.stamp <= *held;
}

/// True when `merge` would reject all of the patch and learn nothing from it: known without
/// beginning a commit. False promises nothing.
[[nodiscard]] bool is_stale(const Entity& entity, const Origin& origin,
                            const model::FactPatch& patch);

/// For `conflicts_with_own`, of a patch that names a field our own domains hold, or elements.
[[nodiscard]] bool contradicts_own(const Entity& entity, const model::FactPatch& patch);

/// True when an external patch contradicts a fact our own domains hold: nothing of it may be
/// applied. Of most patches that is known at a glance.
[[nodiscard]] inline bool conflicts_with_own(const Entity& entity, const model::FactPatch& patch) {
  const bool apart = (patch.present & entity.origins.own()).empty() && !patch.has_elements();
  return !apart && contradicts_own(entity, patch);
}

/// True when the patch would make a collection longer than it may be: nothing of it may be applied.
[[nodiscard]] bool overflows(const AgentState& agents, const Origin& origin,
                             const model::FactPatch& patch);

/// Accepts each key of a patch by its stamp (architecture, section 6). Permutations and duplicates
/// of one source's patches end in the same entity.
Merged merge(Entity& entity, const Origin& origin, const model::FactPatch& patch, Seen seen = {});

/// The workspace was removed as of `stamp` and has come back since: what `source` said up to then
/// is void. Answers the fields that moved.
model::FieldSet void_older(Entity& entity, SourceId source, const model::Stamp& stamp);

}  // namespace sb::snapshot
