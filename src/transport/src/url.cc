#include "url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "sb/core/percent.h"

namespace sb::transport {
namespace {

constexpr std::size_t kSegmentsTypical = 4;  // of a path

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

/// Calls `fn(piece)` for each piece between separators.
template <class Fn>
void split(std::string_view text, char separator, Fn&& fn) {
  for (;;) {
    const auto end = text.find(separator);
    fn(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::string_view> Target::param(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') return std::nullopt;
  text = text.substr(0, text.find('#'));
  const auto question = text.find('?');
  const std::string_view path = text.substr(0, question);
  Target target;
  auto decoded = percent_decode(path);
  if (!decoded || has_control(*decoded)) return std::nullopt;
  target.path = *std::move(decoded);
  bool sound = true;
  target.segments.reserve(kSegmentsTypical);
  split(path.substr(1), '/', [&](std::string_view piece) {
    auto segment = percent_decode(piece);
    sound = sound && segment.has_value();
    if (segment) target.segments.push_back(*std::move(segment));
  });
  if (question != std::string_view::npos) {
    split(text.substr(question + 1), '&', [&](std::string_view piece) {
      if (piece.empty()) return;
      const auto equals = piece.find('=');
      auto key = percent_decode(piece.substr(0, equals), true);
      auto value = percent_decode(
          equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1), true);
      sound = sound && key && value;
      if (key && value) target.query.emplace_back(*std::move(key), *std::move(value));
    });
  }
  if (!sound) return std::nullopt;
  return target;
}

std::string target_without_param(std::string_view target, std::string_view name) {
  target = target.substr(0, target.find('#'));
  const auto question = target.find('?');
  std::string_view path = target.substr(0, question);
  while (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) path.remove_prefix(1);
  std::string out = "/";
  out += path.substr(std::min<std::size_t>(1, path.size()));
  if (question == std::string_view::npos) return out;
  char joint = '?';
  split(target.substr(question + 1), '&', [&](std::string_view piece) {
    const auto key = percent_decode(piece.substr(0, piece.find('=')), true);
    if (piece.empty() || key == name) return;
    out += joint;
    out += piece;
    joint = '&';
  });
  return out;
}

std::optional<std::uint64_t> number_param(const Target& target, std::string_view name,
                                          std::uint64_t otherwise) {
  const auto text = target.param(name);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> wait_param(const Target& target) {
  const auto millis = number_param(target, "waitMs", 0);
  if (!millis) return std::nullopt;
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::min<std::uint64_t>(*millis, kWaitMax.count())));
}

}  // namespace sb::transport
