#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::transport {

/// What the run script routes ask of the rest of the server. Every call and callback is on the
/// loop.
struct RunScriptSink {
  virtual ~RunScriptSink() = default;
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

  struct Output {
    std::uint64_t begin = 0;  ///< position of the first byte
    std::uint64_t end = 0;    ///< where to go on
    std::string bytes;
    bool over = false;  ///< nothing will follow
  };
  /// Output of the last run from `from` on; waits up to `wait` for some. Errors: not_found.
  virtual void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                      std::chrono::milliseconds wait, std::function<void(Result<Output>)> done) = 0;
};

}  // namespace sb::transport
