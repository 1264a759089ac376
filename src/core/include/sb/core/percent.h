#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sb {

/// Everything but letters, digits and "-._~" as "%XX" (RFC 3986, section 2.3).
[[nodiscard]] std::string percent_encode(std::string_view text);
/// The other way round; nothing when a "%" is not followed by two hex digits. `plus_is_space` is
/// the rule of form data.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        bool plus_is_space = false);

}  // namespace sb
