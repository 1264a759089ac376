#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/worker_pool.h"
#include "sb/terminal/terminal_service.h"

namespace sb::terminal {

/// The socket of the user's tmux server: `$TMUX_TMPDIR`, else /tmp, as tmux(1) has it.
[[nodiscard]] std::string default_tmux_socket();

/// Recognises the panes of the user's tmux that stand in a workspace, and reports them to the
/// service like any other terminal. While there is a tmux server, one client in control mode is
/// attached to it (read-only, without a size, without output): it tells when windows and sessions
/// come and go, and lists all panes on our word, without a process for each look. While there is
/// none, only its socket is tried. Needs tmux 3.2. Thread: confined to the loop; a worker starts
/// the client. Borrows everything it is given; goes before the service.
class TmuxPanes {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    TerminalService& terminals;
    const Clock& clock;
    Logger log;
  };
  TmuxPanes(Deps deps, std::string socket);
  ~TmuxPanes();
  TmuxPanes(const TmuxPanes&) = delete;
  TmuxPanes& operator=(const TmuxPanes&) = delete;

  void start();
  /// Detaches. Waits for the client to end.
  void stop();
  [[nodiscard]] bool attached() const;
  /// How many clients were ever started.
  [[nodiscard]] std::uint64_t started() const;

  static constexpr std::chrono::milliseconds kLook{10'000};  // for a server, and at all panes
  static constexpr std::chrono::milliseconds kHintSettles{200};
  static constexpr std::chrono::milliseconds kGoneTooSoon{5'000};  // such a client may never stay
  static constexpr std::chrono::milliseconds kRetry{60'000};       // after it

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::terminal
