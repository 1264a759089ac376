#pragma once

#include <string>
#include <string_view>

namespace sb {

[[nodiscard]] bool is_valid_utf8(std::string_view bytes);

/// The text with every invalid byte replaced by U+FFFD: file names and git output are bytes, JSON
/// is UTF-8.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);

}  // namespace sb
