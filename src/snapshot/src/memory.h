#pragma once

#include <optional>
#include <string_view>

#include "sb/snapshot/source_memory.h"

#include "entity.h"

namespace sb::snapshot {

/// What a source said of an entity besides the values held now.
[[nodiscard]] SourceMemory memory_of(const Entity& entity, SourceId source);

/// The same of a workspace that is gone: nothing up to `stamp` counts.
[[nodiscard]] SourceMemory memory_of_removal(const model::Stamp& stamp);

/// Up to when nothing counts; nothing when the memory says no such thing.
[[nodiscard]] std::optional<model::Stamp> read_removal(std::string_view text);

/// The reverse of its text, at start-up: `origin` says whose memory it is and its place in the
/// order of arrival. Unreadable items are skipped. Answers the raw fields that moved.
model::FieldSet read_memory(Entity& entity, const Origin& origin, std::string_view text);

}  // namespace sb::snapshot
