#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sb/core/clock.h"
#include "sb/pty/osc_scanner.h"
#include "sb/pty/pty.h"
#include "sb/pty/relay.h"
#include "sb/session/program_status.h"

#include "terminal_reporter.h"

namespace sb::app {

/// Watches a shell on its terminal: whether a command has the keyboard, when something last
/// happened, what the programs say of themselves (OSC 7501, titles). Looks only after something
/// went by, a moment later, and every kBusyLook while a command runs; between, nothing wakes up.
/// Thread: confined to the relay's.
class ShellObserver final : public pty::RelayListener, private pty::OscListener {
 public:
  /// `tell` is called with each new state.
  ShellObserver(const pty::Pty& pty, std::function<void(const TerminalNow&)> tell);

  void output(std::string_view bytes, std::string& pass, std::string& reply) override;
  void input() override;
  [[nodiscard]] std::optional<SteadyTime> due() const override;
  void tick(std::string& pass) override;

  static constexpr std::chrono::milliseconds kHeldMax{20};  // of a beginning of a question
  static constexpr std::chrono::milliseconds kLookAfter{
      150};  // a shell needs a moment to start one
  static constexpr std::chrono::milliseconds kBusyLook{2'000};
  static constexpr std::chrono::seconds kTitleGap{10};  // titles may spin
  static constexpr std::size_t kTitleBytesMax = 100;

 private:
  void osc(unsigned number, std::string_view payload) override;
  void status_query(std::string_view terminator) override;
  void reset() override { records_.clear(); }

  void happened();
  void look();
  [[nodiscard]] std::string title_of(pid_t group) const;
  void take_title(const std::string& title, bool moved, SteadyTime now);

  const pty::Pty* pty_;
  std::function<void(const TerminalNow&)> tell_;
  SystemClock clock_;
  pty::OscScanner scanner_;
  std::string reply_;
  session::ProgramRecords records_;
  pid_t spoke_ = -1;  // the group that spoke OSC 7501 last
  std::string title_;
  pid_t titled_ = -1;  // the group that set it
  TerminalNow now_;
  SteadyTime title_at_{};
  bool again_ = false;  // something went by since the look was arranged
  std::optional<SteadyTime> look_at_;
  std::optional<SteadyTime> release_at_;
};

/// A title as people read it: no control characters, no spinner in front, at most
/// ShellObserver::kTitleBytesMax.
[[nodiscard]] std::string readable_title(std::string_view title);

}  // namespace sb::app
