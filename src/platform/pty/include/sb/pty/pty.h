#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/core/unique_fd.h"

namespace sb::pty {

/// Characters and pixels; pixels are 0 where the terminal does not tell.
struct WindowSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
  unsigned short width = 0;   ///< pixels
  unsigned short height = 0;  ///< pixels
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

/// A program to run on a terminal of its own. No shell is involved in starting it.
struct PtySpec {
  std::vector<std::string> argv;  ///< as the program sees it
  std::string program;            ///< path of its file
  std::string cwd;
  std::vector<std::string> environment;  ///< "NAME=VALUE", all of it
  WindowSize size;
  int modes_of = -1;  ///< a terminal whose modes the new one begins with; -1: the kernel's
};

/// How the program ended: what a shell would show as `$?`.
struct PtyExit {
  int code = 0;  ///< 128 + signal when a signal ended it
  friend bool operator==(const PtyExit&, const PtyExit&) = default;
};

/// A pseudo-terminal and the program that leads its session. The program has it as controlling
/// terminal, standard streams only, and no signal mask or disposition of ours. Owns the master side
/// and reaps the program; its end does not end the program, but hangs the terminal up (SIGHUP from
/// the kernel). Thread: confined to its owner.
class Pty {
 public:
  /// Errors: not_found (program or folder), unavailable (no pseudo-terminal left), internal.
  static Result<Pty> spawn(const PtySpec& spec);
  Pty(Pty&&) = default;
  Pty& operator=(Pty&&) = default;

  [[nodiscard]] int master() const { return master_.get(); }  ///< non-blocking
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }    ///< readable once the program ended
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Tells the programs on it with SIGWINCH when it differs.
  void resize(const WindowSize& size) const;
  /// The process group that reads from the keyboard now; nothing when there is none.
  [[nodiscard]] std::optional<pid_t> foreground_group() const;
  /// Closes our side: the kernel hangs up on everything that still runs on it.
  void hang_up() { master_.reset(); }
  /// Reaps the program. Blocks until it ended; once.
  [[nodiscard]] PtyExit wait() const;

 private:
  Pty() = default;
  UniqueFd master_;
  UniqueFd pidfd_;
  pid_t pid_ = -1;
};

/// The size of a terminal; nothing when `fd` is none.
[[nodiscard]] std::optional<WindowSize> window_size(int fd);

}  // namespace sb::pty
