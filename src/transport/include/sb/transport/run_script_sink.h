#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"
#include "sb/transport/output_sink.h"

namespace sb::transport {

/// What the run script routes ask of the rest of the server, the output of the last run too. Every
/// call and callback is on the loop.
struct RunScriptSink : OutputSink {
  struct State {
    model::RunScriptStatus status = model::RunScriptStatus::IDLE;
    std::optional<std::int64_t> port;
    std::optional<std::int64_t> exit_code;
    std::optional<std::string> error;
    std::uint64_t revision = 0;  ///< includes the effect
  };
  using Done = std::function<void(Result<State>)>;
  /// Starts `command`, or without one what the worktree configures; answers once it runs. Errors:
  /// not_found, conflict, invalid_argument.
  virtual void start(const model::WorkspaceId& id, std::optional<std::vector<std::string>> command,
                     Done done) = 0;
  /// Answers once nothing of it is left. Errors: not_found.
  virtual void stop(const model::WorkspaceId& id, Done done) = 0;
};

}  // namespace sb::transport
