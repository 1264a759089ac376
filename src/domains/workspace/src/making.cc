#include "making.h"

#include <utility>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/workspace/workspace_service.h"

namespace sb::workspace {
namespace {

using model::WorkspaceStatus;
using sqlite::Database;
using sqlite::Row;

// Of all texts exactly those that begin with PATH and '/' lie between these two.
constexpr char kPathSeparator = '/';
constexpr char kAfterPathSeparator = kPathSeparator + 1;

tl::unexpected<Error> no_workspace() {
  return fail(ErrorCode::not_found, "no such workspace");
}

Result<StoredWorkspace> require(Database& database, const model::WorkspaceId& id) {
  SB_TRY(auto held, find_workspace(database, id));
  if (!held) return no_workspace();
  return *std::move(held);
}

Result<ProjectRow> project_of(Database& database, const model::ProjectId& id) {
  SB_TRY(auto project, find_project(database, id));
  if (!project) return fail(ErrorCode::not_found, "no such project");
  return *std::move(project);
}

}  // namespace

Result<WorkspaceRow> step(Database& database, const model::WorkspaceId& id, WorkspaceStatus from,
                          WorkspaceStatus to, std::uint64_t stamp) {
  SB_TRY_VOID(
      database.execute("UPDATE workspace SET status = ?, stamp = ? WHERE id = ? AND status = ?",
                       {enum_text(to), stamp, id.view(), enum_text(from)}));
  const bool won = database.changes() == 1;
  SB_TRY(auto held, require(database, id));
  if (!won) {
    return fail(ErrorCode::conflict, fmt::format("the workspace is {}, not {}",
                                                 enum_text(held.row.status), enum_text(from)));
  }
  return std::move(held.row);
}

Result<WorkspaceRow> put_planned(Database& database, const StoredWorkspace& workspace,
                                 const std::string& commit) {
  const WorkspaceRow& row = workspace.row;
  SB_TRY_VOID(project_of(database, row.project));
  bool taken = false;
  SB_TRY_VOID(database.query("SELECT 1 FROM workspace WHERE worktree_path = ?", {row.worktree_path},
                             [&](const Row&) { taken = true; }));
  if (taken) return fail(ErrorCode::conflict, "the path belongs to another workspace");
  SB_TRY_VOID(insert_workspace(database, workspace));
  SB_TRY_VOID(database.execute(
      "INSERT INTO making (workspace, branch, start, worktree_made, output, output_end)"
      " VALUES (?, ?, ?, 0, '', 0)",
      {row.id.view(), row.branch_name, commit}));
  return row;
}

Result<Making> begin_making(Database& database, const model::WorkspaceId& id, WorkspaceStatus from,
                            const std::string& mark, std::uint64_t stamp) {
  Making making;
  bool planned = false;
  SB_TRY_VOID(database.query("SELECT branch, start, worktree_made FROM making WHERE workspace = ?",
                             {id.view()}, [&](const Row& row) {
                               planned = true;
                               making.branch = row.text(0);
                               making.commit = row.text(1);
                               making.worktree_made = row.integer(2) != 0;
                             }));
  SB_TRY(making.row, step(database, id, from, WorkspaceStatus::PROVISIONING, stamp));
  if (!planned) return fail(ErrorCode::conflict, "the workspace was not made here");
  SB_TRY_VOID(database.execute(
      "UPDATE making SET mark = ?, error = NULL, output = '', output_end = 0 WHERE workspace = ?",
      {mark, id.view()}));
  SB_TRY(making.project, project_of(database, making.row.project));
  return making;
}

Result<void> note_worktree_made(Database& database, const model::WorkspaceId& id) {
  return database.execute("UPDATE making SET worktree_made = 1 WHERE workspace = ?", {id.view()});
}

Result<WorkspaceRow> end_making(Database& database, const model::WorkspaceId& id,
                                const MakingEnd& end, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE making SET mark = NULL, error = ?, output = ?, output_end = ?, worktree_made = ?"
      " WHERE workspace = ?",
      {end.error, end.output, end.output_end, end.worktree_made ? 1 : 0, id.view()}));
  if (end.branch) {
    SB_TRY_VOID(database.execute("UPDATE workspace SET branch_name = ? WHERE id = ?",
                                 {*end.branch, id.view()}));
  }
  if (!end.worktree_made) {
    SB_TRY_VOID(database.execute("UPDATE workspace SET git_dir = NULL WHERE id = ?", {id.view()}));
  }
  return step(database, id, WorkspaceStatus::PROVISIONING,
              end.error ? WorkspaceStatus::FAILED : WorkspaceStatus::READY, stamp);
}

Result<WorkspaceRow> begin_archive(Database& database, const model::WorkspaceId& id,
                                   const ArchiveOrder& order, std::uint64_t stamp) {
  SB_TRY(const auto held, require(database, id));
  const WorkspaceStatus from = held.row.status;
  if (!may_become(from, WorkspaceStatus::ARCHIVING)) {
    return fail(ErrorCode::conflict,
                fmt::format("a workspace that is {} cannot be archived", enum_text(from)));
  }
  SB_TRY_VOID(database.execute(
      "INSERT OR REPLACE INTO archive (workspace, status_before, remove_worktree, force, forget)"
      " VALUES (?, ?, ?, ?, ?)",
      {id.view(), enum_text(from), order.remove_worktree ? 1 : 0, order.force ? 1 : 0,
       order.forget ? 1 : 0}));
  return step(database, id, from, WorkspaceStatus::ARCHIVING, stamp);
}

Result<WorkspaceRow> end_archive(Database& database, const model::WorkspaceId& id, bool archived,
                                 std::uint64_t stamp) {
  WorkspaceStatus to = WorkspaceStatus::ARCHIVED;
  if (!archived) {
    to = WorkspaceStatus::READY;
    SB_TRY_VOID(database.query(
        "SELECT status_before FROM archive WHERE workspace = ?", {id.view()},
        [&](const Row& row) { to = enum_from_text<WorkspaceStatus>(row.text(0)).value_or(to); }));
  }
  SB_TRY_VOID(database.execute("DELETE FROM archive WHERE workspace = ?", {id.view()}));
  return step(database, id, WorkspaceStatus::ARCHIVING, to, stamp);
}

Result<WorkspaceRow> put_back(Database& database, const model::WorkspaceId& id,
                              const model::WorkspaceId& fresh, std::uint64_t stamp) {
  SB_TRY(auto held, require(database, id));
  if (held.row.status != WorkspaceStatus::ARCHIVED) {
    return fail(ErrorCode::conflict,
                fmt::format("the workspace is {}, not archived", enum_text(held.row.status)));
  }
  held.row.id = fresh;
  held.row.status = held.setup_error ? WorkspaceStatus::FAILED : WorkspaceStatus::READY;
  held.row.problem = setup_problem(held);
  held.row.stamp = stamp;
  std::string git_dir = std::exchange(held.row.git_dir, {});  // which one row can have at a time
  SB_TRY_VOID(insert_workspace(database, held));
  SB_TRY_VOID(database.execute("UPDATE making SET workspace = ? WHERE workspace = ?",
                               {fresh.view(), id.view()}));
  SB_TRY_VOID(delete_workspace(database, id));
  held.row.git_dir = std::move(git_dir);
  SB_TRY_VOID(update_workspace(database, held));
  return std::move(held.row);
}

Result<model::ProjectId> forget_workspace(Database& database, const model::WorkspaceId& id) {
  SB_TRY(const auto held, require(database, id));
  SB_TRY_VOID(delete_workspace(database, id));
  return held.row.project;
}

Result<Found> find_all_of(Database& database, const model::WorkspaceId& id) {
  SB_TRY(auto held, require(database, id));
  Found found;
  SB_TRY(found.project, project_of(database, held.row.project));
  found.row = std::move(held.row);
  SB_TRY_VOID(database.query("SELECT branch, start FROM making WHERE workspace = ?", {id.view()},
                             [&](const Row& row) {
                               found.branch_made = row.text_or_null(0);
                               found.begins_at = row.text(1);
                             }));
  const std::string& path = found.row.worktree_path;
  SB_TRY_VOID(database.query(
      "SELECT name, worktree_path FROM workspace WHERE worktree_path > ? AND worktree_path < ?"
      " ORDER BY worktree_path",
      {path + kPathSeparator, path + kAfterPathSeparator},
      [&](const Row& row) { found.inside.push_back({row.text(0), row.text(1)}); }));
  return found;
}

Result<Survey> survey_project(Database& database, const model::ProjectId& id) {
  Survey survey;
  SB_TRY(survey.project, project_of(database, id));
  SB_TRY(const auto held, workspaces_of(database, id));
  for (const StoredWorkspace& workspace : held) {
    survey.paths.push_back(workspace.row.worktree_path);
    if (workspace.row.branch_name) survey.branches.push_back(*workspace.row.branch_name);
  }
  return survey;
}

Result<SetupOutput> setup_output(Database& database, const model::WorkspaceId& id) {
  std::optional<SetupOutput> output;
  SB_TRY_VOID(database.query("SELECT output, output_end FROM making WHERE workspace = ?",
                             {id.view()}, [&](const Row& row) {
                               output = SetupOutput{row.text(0),
                                                    static_cast<std::uint64_t>(row.integer(1))};
                             }));
  if (!output) return fail(ErrorCode::not_found, "no set-up script ran for this workspace");
  return *std::move(output);
}

Result<void> fail_interrupted(Database& database, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE making SET error = 'The server ended while the workspace was being set up.'"
      " WHERE workspace IN (SELECT id FROM workspace WHERE status = 'PROVISIONING')"));
  return database.execute(
      "UPDATE workspace SET status = 'FAILED', stamp = ? WHERE status = 'PROVISIONING'", {stamp});
}

Result<Unfinished> read_unfinished(Database& database) {
  Unfinished left;
  SB_TRY_VOID(
      database.query("SELECT id FROM workspace WHERE status = 'NEW' ORDER BY created_at, id", {},
                     [&](const Row& row) { left.planned.emplace_back(row.text(0)); }));
  SB_TRY_VOID(database.query("SELECT mark FROM making WHERE mark IS NOT NULL", {},
                             [&](const Row& row) { left.marks.push_back(row.text(0)); }));
  SB_TRY_VOID(database.query(
      "SELECT id, remove_worktree, force, forget FROM workspace"
      " LEFT JOIN archive ON archive.workspace = workspace.id WHERE status = 'ARCHIVING'"
      " ORDER BY id",
      {}, [&](const Row& row) {
        const ArchiveOrder order{row.integer(1) != 0, row.integer(2) != 0, row.integer(3) != 0};
        left.archives.emplace_back(model::WorkspaceId(row.text(0)), order);
      }));
  return left;
}

Result<void> clear_marks(Database& database) {
  return database.execute(
      "UPDATE making SET mark = NULL WHERE workspace IN"
      " (SELECT id FROM workspace WHERE status <> 'PROVISIONING')");
}

}  // namespace sb::workspace
