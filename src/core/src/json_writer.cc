#include "sb/core/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "sb/core/utf8.h"

namespace sb {
namespace {

// What stands for a byte inside a JSON string: 0 itself, 'u' a \u00XX escape, else the letter after
// the backslash.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  table[0x7F] = 'u';
  return table;
}
constexpr auto kEscapes = make_escapes();

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string repaired;
  unsigned high = 0;
  for (const char c : text) high |= static_cast<unsigned char>(c);
  if ((high & 0x80U) != 0 && !is_valid_utf8(text)) {
    repaired = to_valid_utf8(text);
    text = repaired;
  }
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text, start, i - start);
    start = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

void append_json_int(std::string& out, std::int64_t value) {
  append_number(out, value);
}
void append_json_uint(std::string& out, std::uint64_t value) {
  append_number(out, value);
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
  } else {
    append_number(out, value);
  }
}

}  // namespace sb
