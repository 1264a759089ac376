#pragma once

#include <string_view>

namespace sb::detail {
/// Writes the failed condition to standard error and aborts. Thread-safe.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);
}  // namespace sb::detail

/// An invariant of ours; stays on in release, because a corrupt view must not be served. Bad input
/// is never a check.
#define SB_CHECK(condition, message) \
  (static_cast<bool>(condition)      \
       ? void(0)                     \
       : ::sb::detail::check_failed(__FILE__, __LINE__, #condition, (message)))
