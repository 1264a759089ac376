#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::run_script {

/// The run script of one workspace: its last run. Columns of the table.
struct RunScriptRow {
  model::WorkspaceId workspace;
  model::RunScriptStatus status = model::RunScriptStatus::IDLE;
  std::vector<std::string> command;
  std::optional<std::string> mark;        ///< of a run of which processes may be left
  ProcessIdentity process;                ///< the command, once it ran
  std::optional<std::int64_t> port;       ///< TCP, while RUNNING
  std::optional<std::int64_t> exit_code;  ///< 128 + signal when a signal ended it
  std::optional<std::string> error;       ///< why FAILED, a sentence
  WallTime started_at{};
  std::optional<WallTime> ended_at;
  std::uint64_t stamp = 0;  ///< own counter at its last commit
};

/// What the domain tells, always after the commit.
struct RunScriptChanged {
  RunScriptRow row;
};

/// All rows as one read saw them.
struct Contents {
  std::vector<RunScriptRow> rows;
  std::uint64_t fence = 0;  ///< own counter, taken before the read began
};

}  // namespace sb::run_script
