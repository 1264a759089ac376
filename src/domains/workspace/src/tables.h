#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/sqlite/database.h"
#include "sb/workspace/types.h"

// The SQL of the tables project and workspace. Everything here runs on the database thread, inside
// a job.

namespace sb::workspace {

/// A workspace as stored: the row others see, and what only adoption needs.
struct StoredWorkspace {
  WorkspaceRow row;
  bool renamed = false;  ///< the user chose the name
  std::uint64_t inode = 0;
  std::int64_t birth_ns = 0;               ///< 0: unknown
  std::optional<std::string> setup_error;  ///< why its making failed, a sentence and a tail
};

/// The problem a FAILED workspace has by itself, whatever else is found.
[[nodiscard]] std::optional<model::Problem> setup_problem(const StoredWorkspace& workspace);

Result<std::vector<ProjectRow>> all_projects(sqlite::Database& database);
Result<std::optional<ProjectRow>> find_project(sqlite::Database& database,
                                               const model::ProjectId& id);
Result<std::optional<ProjectRow>> find_project_at(sqlite::Database& database,
                                                  const std::string& common_dir);
Result<void> insert_project(sqlite::Database& database, const ProjectRow& row);
Result<void> update_project(sqlite::Database& database, const ProjectRow& row);
/// Its workspaces go with it.
Result<void> delete_project(sqlite::Database& database, const model::ProjectId& id);

/// All that are not archived.
Result<std::vector<WorkspaceRow>> shown_workspaces(sqlite::Database& database);
/// The archived ones of a project, newest first, at most `rows_max`.
Result<std::vector<WorkspaceRow>> archived_workspaces(sqlite::Database& database,
                                                      const model::ProjectId& project,
                                                      std::size_t rows_max);
Result<std::vector<StoredWorkspace>> workspaces_of(sqlite::Database& database,
                                                   const model::ProjectId& project);
Result<std::optional<StoredWorkspace>> find_workspace(sqlite::Database& database,
                                                      const model::WorkspaceId& id);
Result<void> insert_workspace(sqlite::Database& database, const StoredWorkspace& workspace);
Result<void> update_workspace(sqlite::Database& database, const StoredWorkspace& workspace);
Result<void> delete_workspace(sqlite::Database& database, const model::WorkspaceId& id);
/// Of any row, archived ones too.
Result<std::uint64_t> highest_stamp(sqlite::Database& database);

}  // namespace sb::workspace
