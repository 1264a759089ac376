#pragma once

#include <memory>
#include <string>

#include "sb/snapshot/entry.h"

#include "entity.h"

namespace sb::snapshot {

/// Appends the JSON value of one top-level field as it is shown.
void append_shown(std::string& out, const Entity& entity, model::Field field);

/// Builds the published text. Fields outside `changed` are copied from `entity.text`, so that each
/// is encoded once per change. REQUIRES: `changed` holds every field when there is no text yet.
[[nodiscard]] std::shared_ptr<const EntryText> encode_entry(const Entity& entity,
                                                            model::FieldSet changed);

}  // namespace sb::snapshot
