#include "tables.h"

#include <utility>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/model/enums.h"
#include "sb/sqlite/collect.h"

namespace sb::workspace {
namespace {

using sqlite::Database;
using sqlite::Row;
using sqlite::Value;

constexpr std::string_view kProjectColumns =
    "SELECT id, name, repo_path, common_dir, default_branch, created_at, stamp FROM project ";
constexpr std::string_view kWorkspaceColumns =
    "SELECT id, project, name, status, created_at, branch_name, worktree_path, git_dir, is_main, "
    "stamp, renamed, git_dir_inode, git_dir_birth_ns,"
    " (SELECT error FROM making WHERE making.workspace = workspace.id) FROM workspace ";

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime wall(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

ProjectRow read_project(const Row& row) {
  ProjectRow project;
  project.id = model::ProjectId(row.text(0));
  project.name = row.text(1);
  project.repo_path = row.text(2);
  project.common_dir = row.text(3);
  project.default_branch = row.text_or_null(4);
  project.created_at = wall(row.integer(5));
  project.stamp = static_cast<std::uint64_t>(row.integer(6));
  return project;
}

Result<StoredWorkspace> read_workspace(const Row& row) {
  StoredWorkspace workspace;
  WorkspaceRow& shown = workspace.row;
  shown.id = model::WorkspaceId(row.text(0));
  shown.project = model::ProjectId(row.text(1));
  shown.name = row.text(2);
  const auto status = enum_from_text<model::WorkspaceStatus>(row.text(3));
  if (!status) {
    return fail(ErrorCode::internal, fmt::format("workspace {} has the unknown status \"{}\"",
                                                 shown.id.view(), row.text(3)));
  }
  shown.status = *status;
  shown.created_at = wall(row.integer(4));
  shown.branch_name = row.text_or_null(5);
  shown.worktree_path = row.text(6);
  shown.git_dir = row.text(7);
  shown.is_main = row.integer(8) != 0;
  shown.stamp = static_cast<std::uint64_t>(row.integer(9));
  workspace.renamed = row.integer(10) != 0;
  workspace.inode = static_cast<std::uint64_t>(row.integer(11));
  workspace.birth_ns = row.integer(12);
  workspace.setup_error = row.text_or_null(13);
  shown.problem = setup_problem(workspace);
  return workspace;
}

Result<std::vector<ProjectRow>> projects(Database& database, std::string_view rest,
                                         std::initializer_list<Value> values) {
  std::vector<ProjectRow> found;
  SB_TRY_VOID(database.query(std::string(kProjectColumns).append(rest), values,
                             [&](const Row& row) { found.push_back(read_project(row)); }));
  return found;
}

Result<std::vector<StoredWorkspace>> workspaces(Database& database, std::string_view rest,
                                                std::initializer_list<Value> values) {
  return sqlite::collect(database, std::string(kWorkspaceColumns).append(rest), values,
                         read_workspace);
}

std::vector<WorkspaceRow> rows_of(std::vector<StoredWorkspace> stored) {
  std::vector<WorkspaceRow> rows;
  rows.reserve(stored.size());
  for (auto& workspace : stored) rows.push_back(std::move(workspace.row));
  return rows;
}

/// SQL NULL for what is not there yet.
std::optional<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

template <class T>
std::optional<T> first_of(std::vector<T> found) {
  return found.empty() ? std::nullopt : std::optional<T>(std::move(found.front()));
}

}  // namespace

std::optional<model::Problem> setup_problem(const StoredWorkspace& workspace) {
  if (workspace.row.status != model::WorkspaceStatus::FAILED) return std::nullopt;
  return model::Problem{std::string(kSetupFailed),
                        workspace.setup_error.value_or("The set-up failed.")};
}

Result<std::vector<ProjectRow>> all_projects(Database& database) {
  return projects(database, "ORDER BY created_at, id", {});
}

Result<std::optional<ProjectRow>> find_project(Database& database, const model::ProjectId& id) {
  SB_TRY(auto found, projects(database, "WHERE id = ?", {id.view()}));
  return first_of(std::move(found));
}

Result<std::optional<ProjectRow>> find_project_at(Database& database,
                                                  const std::string& common_dir) {
  SB_TRY(auto found, projects(database, "WHERE common_dir = ?", {common_dir}));
  return first_of(std::move(found));
}

Result<void> insert_project(Database& database, const ProjectRow& row) {
  return database.execute(
      "INSERT INTO project (id, name, repo_path, common_dir, default_branch, created_at, stamp)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {row.id.view(), row.name, row.repo_path, row.common_dir, row.default_branch,
       milliseconds(row.created_at), row.stamp});
}

Result<void> update_project(Database& database, const ProjectRow& row) {
  return database.execute(
      "UPDATE project SET name = ?, repo_path = ?, default_branch = ?, stamp = ? WHERE id = ?",
      {row.name, row.repo_path, row.default_branch, row.stamp, row.id.view()});
}

Result<void> delete_project(Database& database, const model::ProjectId& id) {
  return database.execute("DELETE FROM project WHERE id = ?", {id.view()});
}

Result<std::vector<WorkspaceRow>> shown_workspaces(Database& database) {
  SB_TRY(auto stored,
         workspaces(database, "WHERE status <> 'ARCHIVED' ORDER BY project, created_at, id", {}));
  return rows_of(std::move(stored));
}

Result<std::vector<WorkspaceRow>> archived_workspaces(Database& database,
                                                      const model::ProjectId& project,
                                                      std::size_t rows_max) {
  SB_TRY(auto stored, workspaces(database,
                                 "WHERE project = ? AND status = 'ARCHIVED'"
                                 " ORDER BY created_at DESC, id LIMIT ?",
                                 {project.view(), rows_max}));
  return rows_of(std::move(stored));
}

Result<std::vector<StoredWorkspace>> workspaces_of(Database& database,
                                                   const model::ProjectId& project) {
  return workspaces(database, "WHERE project = ? ORDER BY created_at, id", {project.view()});
}

Result<std::optional<StoredWorkspace>> find_workspace(Database& database,
                                                      const model::WorkspaceId& id) {
  SB_TRY(auto found, workspaces(database, "WHERE id = ?", {id.view()}));
  return first_of(std::move(found));
}

Result<void> insert_workspace(Database& database, const StoredWorkspace& workspace) {
  const WorkspaceRow& row = workspace.row;
  return database.execute(
      "INSERT INTO workspace (id, project, name, renamed, status, created_at, branch_name, "
      "worktree_path, is_main,"
      " git_dir, git_dir_inode, git_dir_birth_ns, stamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?)",
      {row.id.view(), row.project.view(), row.name, workspace.renamed, enum_text(row.status),
       milliseconds(row.created_at), row.branch_name, row.worktree_path, row.is_main,
       or_null(row.git_dir), workspace.inode, workspace.birth_ns, row.stamp});
}

Result<void> update_workspace(Database& database, const StoredWorkspace& workspace) {
  const WorkspaceRow& row = workspace.row;
  return database.execute(
      "UPDATE workspace SET name = ?, renamed = ?, status = ?, branch_name = ?, worktree_path = ?, "
      "is_main = ?,"
      " git_dir = ?, git_dir_inode = ?, git_dir_birth_ns = ?, stamp = ? WHERE id = ?",
      {row.name, workspace.renamed, enum_text(row.status), row.branch_name, row.worktree_path,
       row.is_main, or_null(row.git_dir), workspace.inode, workspace.birth_ns, row.stamp,
       row.id.view()});
}

Result<void> delete_workspace(Database& database, const model::WorkspaceId& id) {
  return database.execute("DELETE FROM workspace WHERE id = ?", {id.view()});
}

Result<std::uint64_t> highest_stamp(Database& database) {
  std::uint64_t highest = 0;
  SB_TRY_VOID(database.query(
      "SELECT max(stamp) FROM (SELECT stamp FROM project UNION ALL SELECT stamp FROM workspace)",
      {}, [&](const Row& row) { highest = static_cast<std::uint64_t>(row.integer(0)); }));
  return highest;
}

}  // namespace sb::workspace
