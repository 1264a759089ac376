#pragma once

#include <span>
#include <string_view>

namespace sb::workspace {

/// The steps that make the database of the data directory, oldest first, for
/// sqlite::Database::migrate. A step that was released is never edited; a change is a new step.
[[nodiscard]] std::span<const std::string_view> migrations();

/// The file in the data directory.
inline constexpr std::string_view kDatabaseName = "snapboard.db";

}  // namespace sb::workspace
