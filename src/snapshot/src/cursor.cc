#include "sb/snapshot/cursor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "sb/core/hash.h"

namespace sb::snapshot {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kCursorBytesMax = 512;
constexpr std::size_t kDecimalDigits = 20;  // of 64 bits
constexpr std::size_t kHexDigits = 16;
constexpr std::size_t kNumbersBytes = kDecimalDigits + 3 * kHexDigits + 4;  // 4: ".c." and "."
// Bumped when the shape of entries changes, so that a cursor of another shape is reset.
constexpr std::string_view kProjection = "full/1";

// The two digits of each byte.
constexpr auto kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {"0123456789abcdef"[i >> 4U], "0123456789abcdef"[i & 15U]};
  }
  return pairs;
}();

// Without leading zeros.
char* write_hex(char* to, std::uint64_t value) {
  const auto digits = std::max(1, (static_cast<int>(std::bit_width(value)) + 3) / 4);
  int left = digits;
  for (; left >= 2; left -= 2, value >>= 8U) {
    std::memcpy(to + left - 2, kHexPairs[value & 255U].data(), 2);
  }
  if (left == 1) *to = kHexPairs[value][1];
  return to + digits;
}

constexpr std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 32U)) * kFnvPrime;
  return value ^ (value >> 29U);
}

// Of what the text says, not of its letters: there is one spelling only.
constexpr std::uint64_t checksum(std::uint64_t head_hash, const Cursor& cursor) {
  const std::uint64_t kind = cursor.complete ? 0 : (cursor.within ? 1 : 2);
  const std::uint64_t place = mixed(mixed(head_hash ^ cursor.revision) + kind);
  return mixed(mixed(place ^ cursor.within.value_or(0)) ^ cursor.view_hash);
}

template <int Base>
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, Base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void CursorWriter::append(std::string& out, std::string_view epoch, const Cursor& cursor) {
  if (head_.empty() || epoch_ != epoch) {
    epoch_ = epoch;
    head_.assign(kVersion).append(1, '.').append(epoch).append(1, '.');
    head_hash_ = fnv1a(head_);
  }
  std::array<char, kNumbersBytes> numbers;
  char* to = std::to_chars(numbers.data(), numbers.data() + kDecimalDigits, cursor.revision).ptr;
  *to++ = '.';
  *to++ = cursor.complete ? 'c' : (cursor.within ? 's' : 'p');
  if (!cursor.complete && cursor.within) to = write_hex(to, *cursor.within);
  *to++ = '.';
  to = write_hex(to, cursor.view_hash);
  *to++ = '.';
  to = write_hex(to, checksum(head_hash_, cursor));
  out.append(head_).append(numbers.data(), to);
}

std::string encode_cursor(const Cursor& cursor) {
  std::string text;
  CursorWriter().append(text, cursor.epoch, cursor);
  return text;
}

std::optional<Cursor> decode_cursor(std::string_view text) {
  if (text.size() > kCursorBytesMax) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto dot = std::min(text.find('.', start), text.size());
    parts.push_back(text.substr(start, dot - start));
    start = dot + 1;
  }
  if (parts.size() != 6 || parts[0] != kVersion || parts[1].empty()) return std::nullopt;
  const auto revision = number<10>(parts[2]);
  const auto view_hash = number<16>(parts[4]);
  const bool split = parts[3].starts_with('s');
  const auto within = split ? number<16>(parts[3].substr(1)) : std::nullopt;
  if (!revision || !view_hash || (split ? !within : parts[3] != "c" && parts[3] != "p")) {
    return std::nullopt;
  }
  Cursor cursor{std::string(parts[1]), *revision, parts[3] == "c", *view_hash, within};
  if (cursor.within && cursor.revision == 0) return std::nullopt;
  if (encode_cursor(cursor) != text) return std::nullopt;  // the checksum; one spelling only
  return cursor;
}

std::uint64_t full_view_hash(std::string_view project_id) {
  constexpr std::uint64_t kSeed = fnv1a(kProjection);
  return fnv1a(project_id, kSeed);
}

}  // namespace sb::snapshot
