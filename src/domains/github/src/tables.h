#pragma once

#include <vector>

#include "sb/core/result.h"
#include "sb/github/types.h"
#include "sb/sqlite/database.h"

// The SQL of the table pull_request. Everything here runs on the database thread, inside a job.

namespace sb::github {

Result<std::vector<PrRow>> all_rows(sqlite::Database& database);
/// Writes the row if the one held still has the stamp `expected` (0: none is held). Errors:
/// conflict (another one is held).
Result<void> put_row(sqlite::Database& database, const PrRow& row, std::uint64_t expected);
Result<void> delete_row(sqlite::Database& database, const model::WorkspaceId& id);

}  // namespace sb::github
