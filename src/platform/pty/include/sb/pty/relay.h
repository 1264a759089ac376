#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sb/core/result.h"
#include "sb/core/unique_fd.h"
#include "sb/pty/pty.h"
#include "sb/pty/raw_terminal.h"

namespace sb::pty {

/// Takes the signals of this process out of their usual course, so that the relay reads them. To be
/// made before any thread is; given back with the destructor.
class SignalIntake {
 public:
  SignalIntake();
  ~SignalIntake();
  SignalIntake(const SignalIntake&) = delete;
  SignalIntake& operator=(const SignalIntake&) = delete;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

/// Looks at what goes by. Called on the thread of `relay`; must not block.
struct RelayListener {
  using SteadyTime = std::chrono::steady_clock::time_point;
  virtual ~RelayListener() = default;
  /// The programs wrote `bytes`: append to `pass` what the user shall see of it now, and to `reply`
  /// what the terminal answers to the programs.
  virtual void output(std::string_view bytes, std::string& pass, std::string& reply) = 0;
  /// The user typed or pasted something; it is on its way already.
  virtual void input() = 0;
  /// When `tick` is due; nothing: never.
  [[nodiscard]] virtual std::optional<SteadyTime> due() const = 0;
  /// Time passed. `pass` as above, for what was held back.
  virtual void tick(std::string& pass) = 0;
};

/// Carries everything between the user's terminal and the program on `pty` until that ends: keys,
/// output, size, and the stop and the end of this process. One loop over `poll`; each direction
/// holds at most kPendingBytesMax, and while it does, it is not read further. SIGTERM and SIGHUP
/// hang up on the program; one that does not end within kHangUpGrace is left to itself. Blocks.
PtyExit relay(Pty& pty, RawTerminal& terminal, const SignalIntake& signals,
              RelayListener& listener);

inline constexpr std::size_t kPendingBytesMax = 64U << 10U;      // bytes, each direction
inline constexpr std::size_t kLastWordsBytesMax = 4U << 20U;     // read after the program ended
inline constexpr std::chrono::milliseconds kHangUpGrace{2'000};  // for the program to end
inline constexpr std::chrono::milliseconds kLastWordsGrace{
    500};  // for a slow terminal to show them

}  // namespace sb::pty
