#pragma once

#include <span>
#include <string_view>

namespace sb::run_script {

/// The steps of this domain's table, oldest first, for sqlite::Database::migrate.
[[nodiscard]] std::span<const std::string_view> migrations();

}  // namespace sb::run_script
