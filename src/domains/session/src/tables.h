#pragma once

#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/model/ids.h"
#include "sb/session/types.h"
#include "sb/sqlite/database.h"

// The SQL of the tables session and session_request. Everything here runs on the database thread,
// inside a job.

namespace sb::session {

Result<std::vector<SessionRow>> all_sessions(sqlite::Database& database);
/// Errors: conflict when the id is there already.
Result<void> insert_session(sqlite::Database& database, const SessionRow& row);
/// Compare-and-set on the stamp. Errors: conflict (the row is gone, or newer).
Result<void> update_session(sqlite::Database& database, const SessionRow& row);
/// A row that is gone already is nothing.
Result<void> delete_session(sqlite::Database& database, const std::string& id);
Result<void> delete_sessions_of(sqlite::Database& database, const model::WorkspaceId& workspace);

}  // namespace sb::session
