#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sb::workspace {

inline constexpr std::size_t kReasonTailBytesMax = 2'000;  // of a script's output in a message

/// The end of what a program wrote to a terminal, for a message: valid UTF-8 without escape
/// sequences, control characters, half a first line and empty lines at the ends.
[[nodiscard]] std::string readable_tail(std::string_view bytes);

}  // namespace sb::workspace
