#include "sb/core/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

// A high bit in each byte that is 0; right as long as no byte of `word` is above 0x7F.
constexpr std::uint64_t zeros(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighs;
}

// How many bytes at the front stand for themselves inside a JSON string and are ASCII, in steps of
// eight, the last ones one by one.
std::size_t plain_prefix(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighs;
    const std::uint64_t special = (word & kHighs) | below_space | zeros(word ^ (kOnes * '"')) |
                                  zeros(word ^ (kOnes * '\\')) | zeros(word ^ (kOnes * 0x7F));
    if (special != 0) break;
  }
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80 || kEscapes[byte] != 0) break;
    ++i;
  }
  return i;
}

bool has_non_ascii(std::string_view text) {
  unsigned all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return (all & 0x80U) != 0;
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::size_t i = plain_prefix(text);
  if (i == text.size()) {
    const std::size_t begin = out.size();
    out.resize(begin + text.size() + 2, '"');
    text.copy(out.data() + begin + 1, text.size());
    return;
  }
  std::string repaired;
  if (has_non_ascii(text) && !is_valid_utf8(text)) {
    repaired = to_valid_utf8(text);
    text = repaired;
    i = 0;
  }
  out += '"';
  std::size_t start = 0;
  for (; i < text.size(); ++i) {
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
