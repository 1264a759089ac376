#pragma once

#include <string>
#include <string_view>

namespace sb::app {

/// Two texts as a unified diff with three lines of context (POSIX, `diff -u`), for people; empty
/// when they are the same. Texts with more than kDiffLinesMax lines between their common beginning
/// and end are shown as one change.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after,
                                       std::string_view name);

inline constexpr std::size_t kDiffLinesMax = 2'000;  // lines compared with each other

}  // namespace sb::app
