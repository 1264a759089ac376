#include "readable.h"

#include "sb/core/utf8.h"

namespace sb::workspace {
namespace {

constexpr char kEscape = '\x1b';

bool is_final_byte(char byte) {
  return byte >= '@' && byte <= '~';
}

/// Where the escape sequence that begins at `at` ends.
std::size_t after_escape(std::string_view bytes, std::size_t at) {
  std::size_t next = at + 1;
  if (next < bytes.size() && bytes[next] == '[') {
    for (++next; next < bytes.size() && !is_final_byte(bytes[next]);) ++next;
  }
  return next + 1;
}

}  // namespace

std::string readable_tail(std::string_view bytes) {
  if (bytes.size() >= kReasonTailBytesMax) {
    bytes.remove_prefix(bytes.size() - kReasonTailBytesMax);
    const auto line = bytes.find('\n');
    if (line != std::string_view::npos) bytes.remove_prefix(line + 1);
  }
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes[at] == kEscape) {
      at = after_escape(bytes, at);
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (byte == '\r') {
      if (at >= bytes.size() || bytes[at] != '\n') text += '\n';
    } else if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f)) {
      text += static_cast<char>(byte);
    }
  }
  const auto first = text.find_first_not_of('\n');
  if (first == std::string::npos) return {};
  const auto last = text.find_last_not_of("\n ");
  return to_valid_utf8(std::string_view(text).substr(first, last + 1 - first));
}

}  // namespace sb::workspace
