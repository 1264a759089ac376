#include "sb/core/json_codec.h"

namespace sb {

std::string JsonPath::text() const {
  if (parent_ == nullptr) return std::string(step_);
  std::string text = parent_->text();
  if (step_.empty()) return text.append(1, '[').append(std::to_string(index_)).append(1, ']');
  return text.append(1, '.').append(step_);
}

tl::unexpected<Error> json_type_error(std::string_view expected, const JsonValue& found,
                                      const JsonPath& path) {
  return fail(ErrorCode::invalid_argument,
              "expected " + std::string(expected) + ", found " + std::string(found.kind_text()),
              path.text());
}

tl::unexpected<Error> json_missing_error(const JsonPath& path) {
  return fail(ErrorCode::invalid_argument, "missing member", path.text());
}

tl::unexpected<Error> json_enum_error(std::string_view text, const JsonPath& path) {
  constexpr std::size_t kShownMax = 64;  // bytes of a hostile value in an error message
  return fail(ErrorCode::invalid_argument,
              "unknown value \"" + std::string(text.substr(0, kShownMax)) + "\"", path.text());
}

}  // namespace sb
