#pragma once

#include <map>
#include <string>

#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"

namespace sb::testing {

/// One spelling of a JSON value: members by name.
inline std::string json_text(const JsonValue& value) {
  std::string out;
  switch (value.kind()) {
    case JsonValue::Kind::null:
      return "null";
    case JsonValue::Kind::boolean:
      return *value.as_bool() ? "true" : "false";
    case JsonValue::Kind::number:
      return value.as_int() ? std::to_string(*value.as_int()) : std::to_string(*value.as_double());
    case JsonValue::Kind::string:
      append_json_string(out, *value.as_string());
      return out;
    case JsonValue::Kind::array:
      value.each_element([&](std::size_t index, JsonValue element) {
        out += (index == 0 ? "" : ",") + json_text(element);
      });
      return "[" + out + "]";
    case JsonValue::Kind::object:
      break;
  }
  std::map<std::string, std::string> members;
  value.each_member(
      [&](std::string_view name, JsonValue member) { members.emplace(name, json_text(member)); });
  for (const auto& [name, text] : members) {
    if (!out.empty()) out += ',';
    out += '"' + name + "\":" + text;
  }
  return "{" + out + "}";
}

}  // namespace sb::testing
