#pragma once

#include <cstddef>
#include <string_view>

namespace sb::sim {

/// The end of the JSON value that begins at `at`: good enough for what our own writer wrote, and
/// fast. Text that is not JSON is noticed elsewhere.
[[nodiscard]] inline std::size_t value_end(std::string_view text, std::size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- == 0) return at;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return text.size();
}

/// Calls `fn(name, value)` for each member of an object text, values as they stand there.
template <class Fn>
void each_member(std::string_view object, Fn&& fn) {
  std::size_t at = 1;
  while (at < object.size() && object[at] == '"') {
    const std::size_t quote = object.find('"', at + 1);
    const std::string_view name = object.substr(at + 1, quote - at - 1);
    const std::size_t begin = quote + 2;
    const std::size_t end = value_end(object, begin);
    fn(name, object.substr(begin, end - begin));
    at = end + 1;
  }
}

/// Calls `fn(element)` for each element of an array text.
template <class Fn>
void each_element(std::string_view array, Fn&& fn) {
  std::size_t at = 1;
  while (at < array.size() && array[at] != ']') {
    const std::size_t end = value_end(array, at);
    fn(array.substr(at, end - at));
    at = end + 1;
  }
}

/// A string value without its quotes. Ours hold nothing to unescape where this is used.
[[nodiscard]] inline std::string_view unquoted(std::string_view value) {
  return value.size() < 2 ? std::string_view() : value.substr(1, value.size() - 2);
}

}  // namespace sb::sim
