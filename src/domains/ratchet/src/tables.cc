#include "tables.h"

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/sqlite/collect.h"

namespace sb::ratchet {
namespace {

using sqlite::Database;
using sqlite::Row;

constexpr std::string_view kColumns =
    "SELECT workspace, enabled, outcome, retries, stalled, pr_number, head_commit, trouble, mark, "
    "error, started_at, ended_at, stamp FROM ratchet ";

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}
std::optional<WallTime> wall(std::optional<std::int64_t> ms) {
  return ms ? std::optional(WallTime(std::chrono::milliseconds(*ms))) : std::nullopt;
}

template <class Enum>
Result<std::optional<Enum>> read_enum(const std::optional<std::string>& text,
                                      const model::WorkspaceId& workspace) {
  if (!text) return std::optional<Enum>();
  const auto value = enum_from_text<Enum>(*text);
  if (value) return value;
  return fail(ErrorCode::internal,
              fmt::format("ratchet of {} holds the unknown \"{}\"", workspace.view(), *text));
}

Result<RatchetRow> read_row(const Row& row) {
  RatchetRow out;
  out.workspace = model::WorkspaceId(row.text(0));
  out.enabled = row.integer(1) != 0;
  SB_TRY(out.record.outcome,
         read_enum<model::RatchetDispatchOutcome>(row.text_or_null(2), out.workspace));
  out.record.retries = row.integer(3);
  out.record.stalled = row.integer(4) != 0;
  SB_TRY(const auto state, read_enum<model::RatchetState>(row.text_or_null(7), out.workspace));
  if (state) {
    out.record.key =
        DispatchKey{row.integer_or_null(5).value_or(0), row.text_or_null(6).value_or(""), *state};
  }
  out.mark = row.text_or_null(8);
  out.error = row.text_or_null(9);
  out.started_at = wall(row.integer_or_null(10));
  out.ended_at = wall(row.integer_or_null(11));
  out.stamp = static_cast<std::uint64_t>(row.integer(12));
  return out;
}

Result<std::vector<RatchetRow>> rows(Database& database, std::string_view rest,
                                     std::initializer_list<sqlite::Value> values) {
  return sqlite::collect(database, std::string(kColumns).append(rest), values, read_row);
}

/// The row after a step that won; nothing when it lost.
Result<std::optional<RatchetRow>> stepped(Database& database, const model::WorkspaceId& id) {
  if (database.changes() == 0) return std::optional<RatchetRow>();
  return find_row(database, id);
}

}  // namespace

Result<std::vector<RatchetRow>> read_rows(Database& database) {
  return rows(database, "ORDER BY workspace", {});
}

Result<std::optional<RatchetRow>> find_row(Database& database, const model::WorkspaceId& id) {
  SB_TRY(auto found, rows(database, "WHERE workspace = ?", {id.view()}));
  if (found.empty()) return std::optional<RatchetRow>();
  return std::optional(std::move(found.front()));
}

Result<std::optional<RatchetRow>> put_enabled(Database& database, const model::WorkspaceId& id,
                                              bool enabled, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "INSERT INTO ratchet (workspace, enabled, retries, stalled, stamp) VALUES (?1, ?2, 0, 0, ?3) "
      "ON CONFLICT (workspace) DO UPDATE SET enabled = ?2, outcome = NULL, retries = 0, "
      "stalled = 0, pr_number = NULL, head_commit = NULL, trouble = NULL, error = NULL, "
      "stamp = ?3 WHERE enabled <> ?2",
      {id.view(), enabled ? 1 : 0, stamp}));
  return stepped(database, id);
}

Result<std::optional<RatchetRow>> put_dispatched(Database& database, const Seen& seen,
                                                 const DispatchKey& key, const std::string& mark,
                                                 WallTime now, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE ratchet SET outcome = 'RUNNING', pr_number = ?, head_commit = ?, trouble = ?, "
      "mark = ?, error = NULL, started_at = ?, ended_at = NULL, stamp = ? "
      "WHERE workspace = ? AND stamp = ? AND enabled = 1 AND mark IS NULL AND stalled = 0 AND "
      "(outcome IS NULL OR outcome = 'DIED')",
      {key.number, key.head_commit, enum_text(key.state), mark, milliseconds(now), stamp,
       seen.workspace.view(), seen.stamp}));
  return stepped(database, seen.workspace);
}

Result<std::optional<RatchetRow>> put_reset(Database& database, const Seen& seen,
                                            std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE ratchet SET outcome = NULL, retries = 0, stalled = 0, pr_number = NULL, "
      "head_commit = NULL, trouble = NULL, error = NULL, stamp = ? "
      "WHERE workspace = ? AND stamp = ? AND outcome IN ('COMPLETED', 'DIED')",
      {stamp, seen.workspace.view(), seen.stamp}));
  return stepped(database, seen.workspace);
}

Result<std::optional<RatchetRow>> put_stalled(Database& database, const Seen& seen,
                                              std::uint64_t stamp) {
  SB_TRY_VOID(database.execute(
      "UPDATE ratchet SET stalled = 1, stamp = ? WHERE workspace = ? AND stamp = ? AND "
      "stalled = 0 AND outcome IN ('COMPLETED', 'DIED')",
      {stamp, seen.workspace.view(), seen.stamp}));
  return stepped(database, seen.workspace);
}

Result<std::optional<RatchetRow>> put_ended(Database& database, const model::WorkspaceId& id,
                                            const std::optional<std::string>& mark,
                                            const EndOfFixer& end, std::uint64_t stamp) {
  // Of a fixer that was switched off there is no record any more.
  SB_TRY_VOID(database.execute(
      "UPDATE ratchet SET error = CASE outcome WHEN 'RUNNING' THEN ?1 ELSE error END, "
      "retries = retries + CASE outcome WHEN 'RUNNING' THEN ?2 ELSE 0 END, "
      "outcome = CASE outcome WHEN 'RUNNING' THEN ?3 ELSE outcome END, "
      "mark = NULL, ended_at = ?4, stamp = ?5 "
      "WHERE workspace = ?6 AND mark IS ?7 AND (mark IS NOT NULL OR outcome = 'RUNNING')",
      {end.error, end.error && end.counts ? 1 : 0, end.error ? "DIED" : "COMPLETED",
       milliseconds(end.at), stamp, id.view(), mark}));
  return stepped(database, id);
}

Result<void> clear_mark(Database& database, const std::string& mark) {
  return database.execute("UPDATE ratchet SET mark = NULL WHERE mark = ?", {mark});
}

Result<void> delete_row(Database& database, const model::WorkspaceId& id) {
  return database.execute("DELETE FROM ratchet WHERE workspace = ?", {id.view()});
}

Result<void> reset_after_crash(Database& database, WallTime now, std::uint64_t stamp) {
  return database.execute(
      "UPDATE ratchet SET outcome = 'DIED', retries = retries + 1, "
      "error = 'The server ended while it ran.', ended_at = ?, stamp = ? "
      "WHERE outcome = 'RUNNING'",
      {milliseconds(now), stamp});
}

Result<void> reset_at_stop(Database& database, WallTime now, std::uint64_t stamp) {
  return database.execute(
      "UPDATE ratchet SET outcome = 'DIED', error = 'The server was stopped while it ran.', "
      "ended_at = ?, stamp = ? WHERE outcome = 'RUNNING'",
      {milliseconds(now), stamp});
}

}  // namespace sb::ratchet
