#pragma once

#include <span>
#include <string_view>

namespace sb::session {

/// The tables of this room, oldest step first, for sqlite::Database::migrate("session", …). A step
/// that was released is never edited; a change is a new step.
[[nodiscard]] std::span<const std::string_view> migrations();

}  // namespace sb::session
