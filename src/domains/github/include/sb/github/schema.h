#pragma once

#include <span>
#include <string_view>

namespace sb::github {

/// The steps that make this domain's tables, oldest first, for sqlite::Database::migrate("github",
/// …). A step that was released is never edited; a change is a new step.
[[nodiscard]] std::span<const std::string_view> migrations();

}  // namespace sb::github
