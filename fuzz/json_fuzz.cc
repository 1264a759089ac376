// The JSON reader against our own writer: any text is refused or walked without a crash, and what
// was read, written again and read again is the same text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sb/core/check.h"
#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"

namespace {

void write(std::string& out, const sb::JsonValue& value) {
  switch (value.kind()) {
    case sb::JsonValue::Kind::null:
      out += "null";
      return;
    case sb::JsonValue::Kind::boolean:
      sb::append_json_bool(out, value.as_bool().value());
      return;
    case sb::JsonValue::Kind::number:
      if (const auto whole = value.as_int()) {
        sb::append_json_int(out, *whole);
      } else {
        out += value.as_double().has_value() ? "1.5" : "0";
      }
      return;
    case sb::JsonValue::Kind::string:
      sb::append_json_string(out, value.as_string().value());
      return;
    case sb::JsonValue::Kind::array:
      out += '[';
      value.each_element([&out](std::size_t index, sb::JsonValue element) {
        if (index != 0) out += ',';
        write(out, element);
      });
      out += ']';
      return;
    case sb::JsonValue::Kind::object:
      out += '{';
      bool first = true;
      value.each_member([&](std::string_view key, sb::JsonValue member) {
        if (!first) out += ',';
        first = false;
        sb::append_json_string(out, key);
        out += ':';
        write(out, member);
        SB_CHECK(value.find(key).has_value(), "a member that is walked is found");
      });
      out += '}';
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  sb::JsonDocument document;
  const auto value = document.parse(text);
  if (!value) {
    SB_CHECK(!value.error().message.empty(), "a refusal has a reason");
    return 0;
  }
  std::string once;
  write(once, *value);
  sb::JsonDocument again;
  const auto reread = again.parse(once);
  SB_CHECK(reread.has_value(), "our own text is readable");
  std::string twice;
  write(twice, *reread);
  SB_CHECK(once == twice, "writing is stable");
  return 0;
}
