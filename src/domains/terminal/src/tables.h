#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/sqlite/database.h"
#include "sb/terminal/types.h"

// The statements of this domain. Thread: the database thread, inside a job.

namespace sb::terminal {

Result<std::vector<TerminalRow>> read_rows(sqlite::Database& database);
Result<std::optional<TerminalRow>> find_row(sqlite::Database& database, const std::string& id);

/// What a step did.
struct Step {
  std::optional<TerminalRow> changed;    ///< nothing: it lost, and changed nothing
  std::optional<TerminalRow> before;     ///< the row it changed, if there was one
  std::vector<TerminalRemoved> dropped;  ///< closed ones that gave way
};

/// Brings the row to where the report says; `opened_at` of a row that is there stays. Closing one
/// that is closed, or was never known, is nothing. Errors: conflict (closed), limit_exceeded.
Result<Step> put_report(sqlite::Database& database, const TerminalRow& next);
/// Its process ended. One that is closed, gone, or of another process is nothing.
Result<Step> put_closed(sqlite::Database& database, const std::string& id,
                        const ProcessIdentity& process, WallTime now, std::uint64_t stamp);
/// True when it was there. `only_closed`: an open one stays.
Result<bool> delete_row(sqlite::Database& database, const std::string& id, bool only_closed);
Result<std::vector<TerminalRow>> delete_rows_of(sqlite::Database& database,
                                                const model::WorkspaceId& workspace);

}  // namespace sb::terminal
