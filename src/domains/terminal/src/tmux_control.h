#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"

namespace sb::terminal {

/// One pane as tmux lists it.
struct TmuxPane {
  std::string id;  ///< "%3"
  std::int32_t pid = 0;
  bool dead = false;
  WallTime activity_at{};
  std::string command;  ///< in the foreground; blanks are underscores
  std::string path;     ///< of that command
  friend bool operator==(const TmuxPane&, const TmuxPane&) = default;
};

/// The command that lists every pane of the server; its answer is what TmuxControl reads.
inline constexpr std::string_view kListPanes =
    "list-panes -a -F '#{pane_id} #{pane_pid} #{pane_dead} #{window_activity} "
    "#{s/ /_/:pane_current_command} #{pane_current_path}'";
/// Asks to be told, at most once a second, when a pane of our session runs or stands elsewhere.
inline constexpr std::string_view kSubscribe =
    "refresh-client -B 'panes:%*:#{pane_current_command} #{pane_current_path} #{pane_dead}'";

/// Reads what a tmux client in control mode prints (tmux(1), CONTROL MODE), line by line. Pure.
class TmuxControl {
 public:
  enum class Heard {
    nothing,
    changed,  ///< a hint: the panes may be others now
    listed,   ///< `panes` is a complete answer to kListPanes
    ended     ///< it will say no more
  };
  Heard take(std::string_view line);
  /// At most kPanesMax.
  [[nodiscard]] const std::vector<TmuxPane>& panes() const { return panes_; }

  static constexpr std::size_t kPanesMax = 256;

 private:
  bool in_answer_ = false;
  std::vector<TmuxPane> answer_;
  std::vector<TmuxPane> panes_;
};

}  // namespace sb::terminal
