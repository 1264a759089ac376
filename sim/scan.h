#pragma once

#include <cstddef>
#include <string_view>

namespace sb::sim {

/// Where the string that begins at `at` has its closing quote; the end of the text without one.
[[nodiscard]] inline std::size_t string_end(std::string_view text, std::size_t at) {
  for (;;) {
    const std::size_t quote = text.find('"', at + 1);
    if (quote == std::string_view::npos) return text.size();
    std::size_t first = quote;  // of the backslashes before it
    while (text[first - 1] == '\\') --first;
    if ((quote - first) % 2 == 0) return quote;
    at = quote;
  }
}

/// The end of the JSON value that begins at `at`: good enough for what our own writer wrote, and
/// fast. Text that is not JSON is noticed elsewhere.
[[nodiscard]] inline std::size_t value_end(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    switch (text[at]) {
      case '"':
        at = string_end(text, at);
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth-- == 0) return at;
        break;
      case ',':
        if (depth == 0) return at;
        break;
      default:
        break;
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
