#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "entity.h"

namespace sb::snapshot {

/// What a source said of an entity besides the values held now, as text for the journal: as of when
/// the workspace was removed in between, that a session had been started, which pull requests were
/// named. Empty when there is nothing of the kind.
[[nodiscard]] std::string write_memory(const Entity& entity, SourceId source);

/// The same of a workspace that is gone: nothing up to `stamp` counts.
[[nodiscard]] std::string write_removal(const model::Stamp& stamp);

/// Up to when nothing counts; nothing when the memory says no such thing.
[[nodiscard]] std::optional<model::Stamp> read_removal(std::string_view text);

/// The reverse, at start-up: `origin` says whose memory it is and its place in the order of
/// arrival. Unreadable items are skipped. Answers the raw fields that moved.
model::FieldSet read_memory(Entity& entity, const Origin& origin, std::string_view text);

}  // namespace sb::snapshot
