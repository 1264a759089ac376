#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/core/result.h"
#include "sb/model/enums.h"

namespace sb::transport {

/// What the terminal route asks of the rest of the server. Every call and callback is on the loop.
struct TerminalSink {
  virtual ~TerminalSink() = default;
  struct Program {
    std::string state;                ///< in the words of OSC 7501, unchecked, as all of this
    std::optional<std::string> kind;  ///< of "blocked"
    std::string app;
    std::string message;
    ProcessIdentity process;  ///< leads the foreground group of the terminal
  };
  struct Report {
    std::string id;
    std::string directory;
    model::TerminalState state = model::TerminalState::open;
    std::optional<std::string> title;
    std::optional<WallTime> last_activity_at;
    ProcessIdentity process;         ///< whose end closes the terminal
    std::optional<Program> program;  ///< the one in the foreground, when it tells
  };
  /// Takes how a terminal is and calls `done` once that is durable. Errors: not_found (in no
  /// workspace), invalid_argument, conflict (closed already), limit_exceeded, unavailable.
  virtual void report(Report report, std::function<void(Result<void>)> done) = 0;
};

}  // namespace sb::transport
