#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/run_script/types.h"
#include "sb/sqlite/database.h"

// The statements of this domain. Thread: the database thread. Each step is one statement, which
// decides who wins; nothing means that it lost.

namespace sb::run_script {

Result<std::vector<RunScriptRow>> read_rows(sqlite::Database& database);
Result<std::optional<RunScriptRow>> find_row(sqlite::Database& database,
                                             const model::WorkspaceId& id);

/// Puts a STARTING row in the place of one that is at rest and has no mark.
Result<std::optional<RunScriptRow>> put_starting(sqlite::Database& database,
                                                 const RunScriptRow& fresh);
/// STARTING -> RUNNING of the run `mark`.
Result<std::optional<RunScriptRow>> put_running(sqlite::Database& database,
                                                const model::WorkspaceId& id,
                                                const std::string& mark,
                                                const ProcessIdentity& process,
                                                std::uint64_t stamp);
/// STARTING or RUNNING -> STOPPING of the run `mark`.
Result<std::optional<RunScriptRow>> put_stopping(sqlite::Database& database,
                                                 const model::WorkspaceId& id,
                                                 const std::string& mark, std::uint64_t stamp);

/// How a run ended, for its row.
struct EndOfRun {
  std::optional<std::int64_t> exit_code;
  std::optional<std::string> error;  ///< set: FAILED
  WallTime at{};
};
/// The end of the run `mark`: STOPPING -> IDLE, else -> COMPLETED or FAILED. Nothing of it is left.
Result<std::optional<RunScriptRow>> put_ended(sqlite::Database& database,
                                              const model::WorkspaceId& id,
                                              const std::optional<std::string>& mark,
                                              const EndOfRun& end, std::uint64_t stamp);
/// The port of the run `mark` while RUNNING, if it differs.
Result<std::optional<RunScriptRow>> put_port(sqlite::Database& database,
                                             const model::WorkspaceId& id, const std::string& mark,
                                             const std::optional<std::int64_t>& port,
                                             std::uint64_t stamp);
/// Nothing of the run `mark` is left; its row is at rest already.
Result<void> clear_mark(sqlite::Database& database, const std::string& mark);
Result<void> delete_row(sqlite::Database& database, const model::WorkspaceId& id);

/// What a crash left in between: STARTING, STOPPING -> IDLE; RUNNING -> FAILED.
Result<void> reset_after_crash(sqlite::Database& database, WallTime now, std::uint64_t stamp);
/// What a stop of the server ends in order: STARTING, RUNNING, STOPPING -> IDLE.
Result<void> reset_at_stop(sqlite::Database& database, WallTime now, std::uint64_t stamp);

}  // namespace sb::run_script
