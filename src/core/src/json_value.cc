#include "sb/core/json_value.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include <simdjson.h>

namespace sb {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

const element& element_at(const std::byte* bytes) {
  return *std::launder(reinterpret_cast<const element*>(bytes));
}

}  // namespace

// JsonValue stores one simdjson element without naming its type in the header.
static_assert(sizeof(element) <= 2 * sizeof(void*) && alignof(element) <= alignof(void*) &&
              std::is_trivially_copyable_v<element>);

struct JsonDocument::Impl {
  simdjson::dom::parser parser;
  std::string text;  // of the latest parse, with the room behind it that the parser reads into
};

JsonDocument::JsonDocument() : impl_(std::make_unique<Impl>()) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

Result<JsonValue> JsonDocument::parse(std::string_view text) {
  if (impl_->parser.max_depth() != kJsonDepthMax &&
      impl_->parser.allocate(text.size() + simdjson::SIMDJSON_PADDING, kJsonDepthMax) !=
          simdjson::SUCCESS) {
    return fail(ErrorCode::limit_exceeded, "not enough memory to parse the JSON text", "$");
  }
  element root;
  // Values are copies of the parser: neither the caller's text nor this one is looked at later.
  impl_->text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  impl_->text.assign(text);
  if (const auto error =
          impl_->parser.parse(impl_->text.data(), impl_->text.size(), false).get(root)) {
    return fail(ErrorCode::invalid_argument,
                std::string("not valid JSON: ") + simdjson::error_message(error), "$");
  }
  JsonValue value;
  new (value.element_) element(root);
  return value;
}

JsonValue::Kind JsonValue::kind() const {
  switch (element_at(element_).type()) {
    case element_type::ARRAY:
      return Kind::array;
    case element_type::OBJECT:
      return Kind::object;
    case element_type::STRING:
      return Kind::string;
    case element_type::BOOL:
      return Kind::boolean;
    case element_type::NULL_VALUE:
      return Kind::null;
    default:
      return Kind::number;
  }
}

std::string_view JsonValue::kind_text() const {
  switch (kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::array:
      return "an array";
    case Kind::object:
      return "an object";
  }
  return "a value";
}

std::optional<bool> JsonValue::as_bool() const {
  bool value = false;
  if (element_at(element_).get(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> JsonValue::as_int() const {
  std::int64_t whole = 0;
  const element& value = element_at(element_);
  if (value.type() == element_type::INT64 && !value.get(whole)) return whole;
  double number = 0;
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.type() == element_type::DOUBLE && !value.get(number) && std::abs(number) <= kExact &&
      std::trunc(number) == number) {
    return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

std::optional<double> JsonValue::as_double() const {
  double value = 0;
  if (kind() != Kind::number || element_at(element_).get(value)) return std::nullopt;
  return value;
}

std::optional<std::string_view> JsonValue::as_string() const {
  std::string_view value;
  if (element_at(element_).get(value)) return std::nullopt;
  return value;
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  simdjson::dom::object object;
  if (element_at(element_).get(object)) return std::nullopt;
  element found;
  if (object.at_key(key).get(found)) return std::nullopt;
  JsonValue value;
  new (value.element_) element(found);
  return value;
}

void JsonValue::walk_object(void (*fn)(void*, std::string_view, JsonValue), void* context) const {
  simdjson::dom::object object;
  if (element_at(element_).get(object)) return;
  for (const auto& [key, member] : object) {
    JsonValue value;
    new (value.element_) element(member);
    fn(context, key, value);
  }
}

void JsonValue::walk_array(void (*fn)(void*, std::size_t, JsonValue), void* context) const {
  simdjson::dom::array array;
  if (element_at(element_).get(array)) return;
  std::size_t index = 0;
  for (const element member : array) {
    JsonValue value;
    new (value.element_) element(member);
    fn(context, index++, value);
  }
}

}  // namespace sb
