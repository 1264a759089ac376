#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/enums.h"
#include "sb/session/program_status.h"

namespace sb::app {

/// How a terminal is now.
struct TerminalNow {
  model::TerminalState state = model::TerminalState::open;
  std::optional<std::string> title;
  WallTime last_activity_at{};
  struct Program {
    ProcessIdentity process;
    session::ProgramStatus status;
    friend bool operator==(const Program&, const Program&) = default;
  };
  std::optional<Program> program;
  friend bool operator==(const TerminalNow&, const TerminalNow&) = default;
};

/// Tells the server how a terminal is (`PUT /api/terminals/{id}`), from a thread of its own, so
/// that no key ever waits for it: the newest state only, at most one report per kGap, again every
/// kRestate, and with patience while there is no server. Lifecycle: the destructor reports the
/// terminal closed. Thread: `set` is the owner's.
class TerminalReporter {
 public:
  struct Terminal {
    std::string id;
    std::string directory;
    ProcessIdentity process;
  };
  /// `socket`: of the server; empty: looked up each time.
  TerminalReporter(std::string socket, Terminal terminal);
  ~TerminalReporter();
  TerminalReporter(const TerminalReporter&) = delete;
  TerminalReporter& operator=(const TerminalReporter&) = delete;

  void set(const TerminalNow& now);

  static constexpr std::chrono::milliseconds kGap{250};
  static constexpr std::chrono::seconds kRestate{60};  // a server that forgot hears it again
  static constexpr std::chrono::seconds kAnswerPatience{2};
  static constexpr std::chrono::milliseconds kRetryFirst{500};  // doubled up to
  static constexpr std::chrono::milliseconds kRetryMax{5'000};

 private:
  using SteadyClock = std::chrono::steady_clock;
  enum class Answer { taken, refused, none };
  void run();
  [[nodiscard]] Answer tell(const TerminalNow& now) const;

  const std::string socket_;
  const Terminal terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  TerminalNow wanted_;                    // guarded by mutex_
  bool closing_ = false;                  // guarded by mutex_
  std::optional<TerminalNow> told_;       // the thread's, as everything below
  SteadyClock::time_point not_before_{};  // the next report
  SteadyClock::time_point restate_at_{};
  std::chrono::milliseconds retry_ = kRetryFirst;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace sb::app
