#pragma once

#include "sb/snapshot/store.h"
#include "sb/snapshot/view.h"

#include "change_index.h"
#include "entity.h"

namespace sb::snapshot {

/// Where one indexed id stands in one view.
struct Standing {
  bool in = false;
  /// In: the highest revision of a visible field. Out: since when it is out; 0 when it never was
  /// in. Every change a reader of the view can see raises it, and nothing else does: so a reader at
  /// R misses exactly what stands above R.
  Revision revision = 0;
};

[[nodiscard]] inline Standing standing(const View& view, const Store& store,
                                       const IndexNode& node) {
  const Entity* entity = node.entity;
  if (entity == nullptr) {
    if (view.project() == nullptr) {
      // Moved to another project: its place there speaks for it, unless this view cannot see it.
      const Entity* elsewhere = store.entity(node.id());
      const IndexNode* place = elsewhere != nullptr ? &elsewhere->node : nullptr;
      if (place != nullptr && place->linked() && (place->shown || view.shows_hidden())) return {};
    }
    return {false, view.shows_hidden() ? node.revision : node.shown_revision};
  }
  if (!node.shown && !view.shows_hidden()) return {false, node.shown_revision};
  if (!view.matches(entity->facts.status, entity->shown.derived.status_reason.code)) {
    return {false, entity->field_revisions.newest(view.filter_fields())};
  }
  return {true, entity->field_revisions.newest(view.fields())};
}

}  // namespace sb::snapshot
