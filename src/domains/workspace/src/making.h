#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/sqlite/database.h"
#include "sb/workspace/lifecycle_steps.h"
#include "sb/workspace/types.h"

#include "tables.h"

// The SQL of making and ending workspaces: the table making beside workspace, and the steps of the
// lifecycle that write both. Everything here runs on the database thread, inside a job.

namespace sb::workspace {

/// The compare-and-set of the lifecycle: one statement decides who wins. Errors: not_found,
/// conflict (another status held).
Result<WorkspaceRow> step(sqlite::Database& database, const model::WorkspaceId& id,
                          model::WorkspaceStatus from, model::WorkspaceStatus to,
                          std::uint64_t stamp);

/// Errors: not_found (no such project), conflict (the path is another workspace's).
Result<WorkspaceRow> put_planned(sqlite::Database& database, const StoredWorkspace& workspace,
                                 const std::string& commit);
Result<Making> begin_making(sqlite::Database& database, const model::WorkspaceId& id,
                            model::WorkspaceStatus from, const std::string& mark,
                            std::uint64_t stamp);
Result<void> note_worktree_made(sqlite::Database& database, const model::WorkspaceId& id);
Result<WorkspaceRow> end_making(sqlite::Database& database, const model::WorkspaceId& id,
                                const MakingEnd& end, std::uint64_t stamp);

Result<WorkspaceRow> begin_archive(sqlite::Database& database, const model::WorkspaceId& id,
                                   const ArchiveOrder& order, std::uint64_t stamp);
/// Errors: not_found, conflict (not ARCHIVING).
Result<WorkspaceRow> end_archive(sqlite::Database& database, const model::WorkspaceId& id,
                                 bool archived, std::uint64_t stamp);
/// An archived workspace comes back as a new one, `fresh`, with the same worktree and how it was
/// made: READY, or FAILED where its making failed. Errors: not_found, conflict (not ARCHIVED).
Result<WorkspaceRow> put_back(sqlite::Database& database, const model::WorkspaceId& id,
                              const model::WorkspaceId& fresh, std::uint64_t stamp);
/// The project the row was of. Errors: not_found.
Result<model::ProjectId> forget_workspace(sqlite::Database& database, const model::WorkspaceId& id);

Result<Found> find_all_of(sqlite::Database& database, const model::WorkspaceId& id);
Result<Survey> survey_project(sqlite::Database& database, const model::ProjectId& id);
Result<SetupOutput> setup_output(sqlite::Database& database, const model::WorkspaceId& id);

/// What an earlier life left unfinished: rows that were being made become FAILED with `stamp`.
Result<void> fail_interrupted(sqlite::Database& database, std::uint64_t stamp);
Result<Unfinished> read_unfinished(sqlite::Database& database);
Result<void> clear_marks(sqlite::Database& database);

}  // namespace sb::workspace
