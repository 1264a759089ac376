#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sb/core/clock.h"
#include "sb/model/enums.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/snapshot/store.h"

// Why an entry looks as it does, and what it looked like before: JSON for people and tools
// (protocol, section 2; shapes in docs/api.md). Pure reads; the size is bounded by the limits of an
// entry.

namespace sb::snapshot {

struct ExplainContext {
  WallTime now{};  ///< ages are counted to here: for display
  /// How the one of our own domains is that states this field.
  std::function<model::Freshness(model::Field)> own_health;
};

/// Each fact with authority, stamp, age and freshness; each derived field with the rule that
/// decided it and the rules tried before, walked through the tables derive() decides by. Nothing
/// when there is no such workspace.
[[nodiscard]] std::optional<std::string> explain_json(const Store& store,
                                                      const model::WorkspaceId& id,
                                                      const ExplainContext& context);

/// The latest transitions of a workspace, newest first: revision, time, label, and each changed
/// field before and after. Nothing when there is no such workspace: what is removed takes its
/// history along.
[[nodiscard]] std::optional<std::string> history_json(const Store& store,
                                                      const model::WorkspaceId& id);

}  // namespace sb::snapshot
