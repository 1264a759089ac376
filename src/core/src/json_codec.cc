#include "sb/core/json_codec.h"

namespace sb {

tl::unexpected<Error> json_type_error(std::string_view expected, const JsonValue& found,
                                      std::string_view path) {
  return fail(ErrorCode::invalid_argument,
              "expected " + std::string(expected) + ", found " + std::string(found.kind_text()),
              std::string(path));
}

tl::unexpected<Error> json_missing_error(std::string_view path) {
  return fail(ErrorCode::invalid_argument, "missing member", std::string(path));
}

tl::unexpected<Error> json_enum_error(std::string_view text, std::string_view path) {
  constexpr std::size_t kShownMax = 64;  // bytes of a hostile value in an error message
  return fail(ErrorCode::invalid_argument,
              "unknown value \"" + std::string(text.substr(0, kShownMax)) + "\"",
              std::string(path));
}

}  // namespace sb
