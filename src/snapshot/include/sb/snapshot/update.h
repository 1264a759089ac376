#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/facts.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"

namespace sb::snapshot {

/// A producer of facts, interned by the store. Index 0 is our own domains, which outrank every
/// other per key.
enum class SourceId : std::uint16_t { own = 0 };

inline constexpr std::size_t kElementsMax = 256;  ///< live ones of a collection of an entry

/// What one source says about one workspace at one stamp.
struct Update {
  enum class Kind {
    facts,   ///< merge `facts`
    remove,  ///< the workspace is gone, as of `stamp`
  };
  enum class Cause {
    event,    ///< something happened
    pass,     ///< a reconciliation read it; an applied correction is drift
    journal,  ///< it happened before a restart, and what it was bound by then no longer counts
  };
  model::WorkspaceId workspace;
  SourceId source = SourceId::own;
  model::Stamp stamp;
  Kind kind = Kind::facts;
  Cause cause = Cause::event;
  std::string_view
      label;  ///< `source` of the entry on the wire, for instance "event:pr_snapshot_updated"
  model::FactPatch facts;
};

/// The same with the id, the label and the facts borrowed, so that stating costs no copy.
struct UpdateView {
  const model::WorkspaceId& workspace;
  SourceId source;
  const model::Stamp& stamp;
  Update::Kind kind = Update::Kind::facts;
  Update::Cause cause = Update::Cause::event;
  std::string_view label;
  const model::FactPatch& facts;
};

/// One visible correction or change, as text, for the drift log.
struct FieldChange {
  model::Field field;
  std::string before;
  std::string after;
};

enum class Outcome {
  changed,    ///< something visible moved; a revision was taken
  unchanged,  ///< accepted, nothing visible moved
  stale,      ///< every stated key was older than what is held, or a tombstone is newer
  not_found,  ///< an absent id, and the facts cannot create it
  conflict,   ///< a live fact of our own domains outranks an external one; nothing was applied
  limit,      ///< identifiers or limits exceeded; nothing was applied
};

struct Applied {
  Outcome outcome = Outcome::unchanged;
  model::FieldSet accepted;  ///< keys whose stamp advanced
  model::FieldSet
      rejected;  ///< keys held with a newer stamp: a pass re-reads these (architecture, section 7)
  std::vector<FieldChange> changes;  ///< filled for Cause::pass only
  [[nodiscard]] bool ok() const {
    return outcome == Outcome::changed || outcome == Outcome::unchanged;
  }
};

}  // namespace sb::snapshot
