#include "sb/snapshot/cursor.h"

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "sb/core/hash.h"

namespace sb::snapshot {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kCursorBytesMax = 512;
constexpr std::size_t kNumbersBytes = 64;  // of the three numbers and what stands between
// Bumped when the shape of entries changes, so that a cursor of another shape is reset.
constexpr std::string_view kProjection = "full/1";

template <int Base>
void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, Base).ptr;
  out.append(text.data(), end);
}

template <int Base>
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, Base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string encode_cursor(const Cursor& cursor) {
  std::string text;
  text.reserve(kVersion.size() + cursor.epoch.size() + kNumbersBytes);
  text += kVersion;
  text += '.';
  text += cursor.epoch;
  text += '.';
  append_number<10>(text, cursor.revision);
  text += cursor.complete ? ".c." : cursor.split ? ".s." : ".p.";
  append_number<16>(text, cursor.view_hash);
  text += '.';
  append_number<16>(text, fnv1a(text));
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
  const auto checksum = number<16>(parts[5]);
  const std::size_t covered = text.size() - parts[5].size();
  if (!revision || !view_hash || !checksum ||
      (parts[3] != "c" && parts[3] != "p" && parts[3] != "s") ||
      *checksum != fnv1a(text.substr(0, covered))) {
    return std::nullopt;
  }
  Cursor cursor{std::string(parts[1]), *revision, parts[3] == "c", *view_hash, parts[3] == "s"};
  if (cursor.split && cursor.revision == 0) return std::nullopt;
  if (encode_cursor(cursor) != text) return std::nullopt;  // one spelling only
  return cursor;
}

std::uint64_t full_view_hash(std::string_view project_id) {
  return fnv1a(project_id, fnv1a(kProjection));
}

}  // namespace sb::snapshot
