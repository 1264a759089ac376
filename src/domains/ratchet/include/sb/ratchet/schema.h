#pragma once

#include <span>
#include <string_view>

namespace sb::ratchet {

/// The steps of this domain's table, oldest first, for sqlite::Database::migrate.
[[nodiscard]] std::span<const std::string_view> migrations();

}  // namespace sb::ratchet
