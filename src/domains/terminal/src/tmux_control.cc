#include "tmux_control.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace sb::terminal {
namespace {

// After which the panes may be others, or elsewhere.
constexpr std::array<std::string_view, 7> kHints{
    "%subscription-changed",  "%window-add",       "%window-close", "%unlinked-window-add",
    "%unlinked-window-close", "%sessions-changed", "%layout-change"};

std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::optional<TmuxPane> read_pane(std::string_view line) {
  TmuxPane pane;
  pane.id = take_word(line);
  const auto pid = number<std::int32_t>(take_word(line));
  const std::string_view dead = take_word(line);
  const auto activity = number<std::int64_t>(take_word(line));
  pane.command = take_word(line);
  pane.path = line;
  if (!pane.id.starts_with('%') || !pid || *pid <= 0 || !activity || !pane.path.starts_with('/')) {
    return std::nullopt;
  }
  pane.pid = *pid;
  pane.dead = dead == "1";
  pane.activity_at = WallTime(std::chrono::seconds(*activity));
  return pane;
}

}  // namespace

TmuxControl::Heard TmuxControl::take(std::string_view line) {
  if (in_answer_) {
    if (line.starts_with("%end ")) {
      in_answer_ = false;
      if (answer_.empty()) return Heard::nothing;  // of another command
      panes_ = std::exchange(answer_, {});
      return Heard::listed;
    }
    if (line.starts_with("%error ")) {
      in_answer_ = false;
      answer_.clear();
    } else if (auto pane = read_pane(line); pane && answer_.size() < kPanesMax) {
      answer_.push_back(*std::move(pane));
    }
    return Heard::nothing;
  }
  const std::string_view word = line.substr(0, line.find(' '));
  if (word == "%begin") {
    in_answer_ = true;
    answer_.clear();
    return Heard::nothing;
  }
  if (word == "%exit") return Heard::ended;
  return std::find(kHints.begin(), kHints.end(), word) == kHints.end() ? Heard::nothing
                                                                       : Heard::changed;
}

}  // namespace sb::terminal
