#include "tables.h"

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"
#include "sb/sqlite/collect.h"

namespace sb::run_script {
namespace {

using sqlite::Database;
using sqlite::Row;
using sqlite::Value;

constexpr std::string_view kColumns =
    "SELECT workspace, status, command, mark, boot, pid, start_ticks, port, exit_code, error, "
    "started_at, ended_at, stamp FROM run_script ";

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime wall(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}
Value nullable(const std::optional<std::int64_t>& value) {
  return value ? Value(*value) : Value(nullptr);
}

Result<RunScriptRow> read_row(const Row& row) {
  RunScriptRow script;
  script.workspace = model::WorkspaceId(row.text(0));
  const auto status = enum_from_text<model::RunScriptStatus>(row.text(1));
  if (!status) {
    return fail(ErrorCode::internal, fmt::format("run script of {} has the unknown status \"{}\"",
                                                 script.workspace.view(), row.text(1)));
  }
  script.status = *status;
  JsonDocument document;
  const std::string text = row.text(2);
  SB_TRY(const JsonValue words, document.parse(text));
  SB_TRY(script.command, from_json<std::vector<std::string>>(words, "command"));
  script.mark = row.text_or_null(3);
  script.process = {row.text(4), static_cast<std::int32_t>(row.integer(5)),
                    static_cast<std::uint64_t>(row.integer(6))};
  script.port = row.integer_or_null(7);
  script.exit_code = row.integer_or_null(8);
  script.error = row.text_or_null(9);
  script.started_at = wall(row.integer(10));
  if (const auto ended = row.integer_or_null(11)) script.ended_at = wall(*ended);
  script.stamp = static_cast<std::uint64_t>(row.integer(12));
  return script;
}

Result<std::vector<RunScriptRow>> rows(Database& database, std::string_view rest,
                                       std::initializer_list<Value> values) {
  return sqlite::collect(database, std::string(kColumns).append(rest), values, read_row);
}

/// The row after a step that won; nothing when it lost.
Result<std::optional<RunScriptRow>> stepped(Database& database, const model::WorkspaceId& id) {
  if (database.changes() == 0) return std::optional<RunScriptRow>();
  return find_row(database, id);
}

}  // namespace

Result<std::vector<RunScriptRow>> read_rows(Database& database) {
  return rows(database, "ORDER BY workspace", {});
}

Result<std::optional<RunScriptRow>> find_row(Database& database, const model::WorkspaceId& id) {
  SB_TRY(auto found, rows(database, "WHERE workspace = ?", {id.view()}));
  if (found.empty()) return std::optional<RunScriptRow>();
  return std::optional(std::move(found.front()));
}

Result<std::optional<RunScriptRow>> put_starting(Database& database, const RunScriptRow& fresh) {
  const std::string command = to_json(fresh.command);
  SB_TRY_VOID(database.execute(
      "INSERT INTO run_script (workspace, status, command, mark, boot, pid, start_ticks, "
      "started_at, stamp) VALUES (?1, 'STARTING', ?2, ?3, '', 0, 0, ?4, ?5) "
      "ON CONFLICT (workspace) DO UPDATE SET status = 'STARTING', command = ?2, mark = ?3, "
      "boot = '', pid = 0, start_ticks = 0, port = NULL, exit_code = NULL, error = NULL, "
      "started_at = ?4, ended_at = NULL, stamp = ?5 "
      "WHERE status IN ('IDLE', 'COMPLETED', 'FAILED') AND mark IS NULL",
      {fresh.workspace.view(), command, fresh.mark, milliseconds(fresh.started_at), fresh.stamp}));
  return stepped(database, fresh.workspace);
}

Result<std::optional<RunScriptRow>> put_running(Database& database, const model::WorkspaceId& id,
                                                const std::string& mark,
                                                const ProcessIdentity& process,
                                                std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE run_script SET status = 'RUNNING', boot = ?, pid = ?, start_ticks = ?, stamp = ? "
      "WHERE workspace = ? AND mark = ? AND status = 'STARTING'",
      {process.boot, process.pid, process.start_ticks, stamp, id.view(), mark}));
  return stepped(database, id);
}

Result<std::optional<RunScriptRow>> put_stopping(Database& database, const model::WorkspaceId& id,
                                                 const std::string& mark, std::uint64_t stamp) {
  SB_TRY_VOID(
      database.execute("UPDATE run_script SET status = 'STOPPING', port = NULL, stamp = ? WHERE "
                       "workspace = ? AND mark = ? AND status IN ('STARTING', 'RUNNING')",
                       {stamp, id.view(), mark}));
  return stepped(database, id);
}

Result<std::optional<RunScriptRow>> put_ended(Database& database, const model::WorkspaceId& id,
                                              const std::optional<std::string>& mark,
                                              const EndOfRun& end, std::uint64_t stamp) {
  const std::string_view outcome = end.error ? "FAILED" : "COMPLETED";
  SB_TRY_VOID(database.execute(
      "UPDATE run_script SET error = CASE status WHEN 'STOPPING' THEN NULL ELSE ? END, "
      "status = CASE status WHEN 'STOPPING' THEN 'IDLE' ELSE ? END, mark = NULL, port = NULL, "
      "exit_code = ?, ended_at = ?, stamp = ? WHERE workspace = ? AND mark IS ? AND "
      "status IN ('STARTING', 'RUNNING', 'STOPPING')",
      {end.error, outcome, nullable(end.exit_code), milliseconds(end.at), stamp, id.view(), mark}));
  return stepped(database, id);
}

Result<std::optional<RunScriptRow>> put_port(Database& database, const model::WorkspaceId& id,
                                             const std::string& mark,
                                             const std::optional<std::int64_t>& port,
                                             std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE run_script SET port = ?1, stamp = ?2 WHERE workspace = ?3 AND mark = ?4 AND "
      "status = 'RUNNING' AND port IS NOT ?1",
      {nullable(port), stamp, id.view(), mark}));
  return stepped(database, id);
}

Result<void> clear_mark(Database& database, const std::string& mark) {
  return database.execute("UPDATE run_script SET mark = NULL WHERE mark = ?", {mark});
}

Result<void> delete_row(Database& database, const model::WorkspaceId& id) {
  return database.execute("DELETE FROM run_script WHERE workspace = ?", {id.view()});
}

Result<void> reset_after_crash(Database& database, WallTime now, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE run_script SET status = 'FAILED', error = 'The server ended while it ran.', "
      "port = NULL, ended_at = ?, stamp = ? WHERE status = 'RUNNING'",
      {milliseconds(now), stamp}));
  return database.execute(
      "UPDATE run_script SET status = 'IDLE', port = NULL, ended_at = ?, stamp = ? "
      "WHERE status IN ('STARTING', 'STOPPING')",
      {milliseconds(now), stamp});
}

Result<void> reset_at_stop(Database& database, WallTime now, std::uint64_t stamp) {
  return database.execute(
      "UPDATE run_script SET status = 'IDLE', port = NULL, ended_at = ?, stamp = ? "
      "WHERE status IN ('STARTING', 'RUNNING', 'STOPPING')",
      {milliseconds(now), stamp});
}

}  // namespace sb::run_script
