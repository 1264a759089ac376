#include "tables.h"

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/sqlite/collect.h"
#include "sb/terminal/terminal_service.h"

namespace sb::terminal {
namespace {

using sqlite::Database;
using sqlite::Row;
using sqlite::Value;

constexpr std::string_view kColumns =
    "SELECT id, workspace, state, title, last_activity_at, boot, pid, start_ticks, opened_at, "
    "closed_at, stamp FROM terminal ";

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime wall(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

Result<TerminalRow> read_row(const Row& row) {
  TerminalRow terminal;
  terminal.id = row.text(0);
  terminal.workspace = model::WorkspaceId(row.text(1));
  const auto state = enum_from_text<model::TerminalState>(row.text(2));
  if (!state) {
    return fail(ErrorCode::internal,
                fmt::format("terminal {} has the unknown state \"{}\"", terminal.id, row.text(2)));
  }
  terminal.state = *state;
  terminal.title = row.text_or_null(3);
  terminal.last_activity_at = wall(row.integer(4));
  terminal.process = {row.text(5), static_cast<std::int32_t>(row.integer(6)),
                      static_cast<std::uint64_t>(row.integer(7))};
  terminal.opened_at = wall(row.integer(8));
  if (const auto closed = row.integer_or_null(9)) terminal.closed_at = wall(*closed);
  terminal.stamp = static_cast<std::uint64_t>(row.integer(10));
  return terminal;
}

Result<std::vector<TerminalRow>> rows(Database& database, std::string_view rest,
                                      std::initializer_list<Value> values) {
  return sqlite::collect(database, std::string(kColumns).append(rest), values, read_row);
}

Result<std::size_t> count_open(Database& database, const model::WorkspaceId& workspace) {
  std::size_t count = 0;
  SB_TRY_VOID(database.query(
      "SELECT count(*) FROM terminal WHERE workspace = ? AND state <> 'closed'", {workspace.view()},
      [&](const Row& row) { count = static_cast<std::size_t>(row.integer(0)); }));
  return count;
}

/// Of the closed ones of a workspace only the last are kept.
Result<void> drop_oldest_closed(Database& database, Step& step, const TerminalRow& row) {
  SB_TRY(const auto closed,
         rows(database, "WHERE workspace = ? AND state = 'closed' ORDER BY stamp DESC",
              {row.workspace.view()}));
  for (std::size_t i = TerminalService::kClosedMax; i < closed.size(); ++i) {
    SB_TRY_VOID(delete_row(database, closed[i].id, true));
    step.dropped.push_back({closed[i].id, closed[i].workspace, row.stamp});
  }
  return {};
}

Result<void> insert(Database& database, const TerminalRow& row) {
  return database.execute(
      "INSERT INTO terminal (id, workspace, state, title, last_activity_at, boot, pid, "
      "start_ticks, opened_at, closed_at, stamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
      {row.id, row.workspace.view(), enum_text(row.state), row.title,
       milliseconds(row.last_activity_at), row.process.boot, row.process.pid,
       row.process.start_ticks, milliseconds(row.opened_at), row.stamp});
}

Result<void> update(Database& database, const TerminalRow& row) {
  return database.execute(
      "UPDATE terminal SET workspace = ?, state = ?, title = ?, last_activity_at = ?, boot = ?, "
      "pid = ?, start_ticks = ?, closed_at = ?, stamp = ? WHERE id = ?",
      {row.workspace.view(), enum_text(row.state), row.title, milliseconds(row.last_activity_at),
       row.process.boot, row.process.pid, row.process.start_ticks,
       row.closed_at ? Value(milliseconds(*row.closed_at)) : Value(nullptr), row.stamp, row.id});
}

}  // namespace

Result<std::vector<TerminalRow>> read_rows(Database& database) {
  return rows(database, "ORDER BY id", {});
}

Result<std::optional<TerminalRow>> find_row(Database& database, const std::string& id) {
  SB_TRY(auto found, rows(database, "WHERE id = ?", {id}));
  if (found.empty()) return std::optional<TerminalRow>();
  return std::optional(std::move(found.front()));
}

Result<Step> put_report(Database& database, const TerminalRow& next) {
  Step step;
  SB_TRY(step.before, find_row(database, next.id));
  const bool closes = next.state == model::TerminalState::closed;
  if (!step.before) {
    if (closes) return step;
    SB_TRY(const std::size_t open, count_open(database, next.workspace));
    if (open >= TerminalService::kOpenMax) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("the workspace has {} open terminals already", open));
    }
    SB_TRY_VOID(insert(database, next));
    step.changed = next;
    return step;
  }
  if (step.before->state == model::TerminalState::closed) {
    if (closes) return step;
    return fail(ErrorCode::conflict, "this terminal was closed; an open one has another id");
  }
  TerminalRow row = next;
  if (closes) {
    // Nothing else of it changes any more.
    row = *step.before;
    row.state = next.state;
    row.closed_at = next.closed_at;
    row.stamp = next.stamp;
  }
  row.opened_at = step.before->opened_at;
  SB_TRY_VOID(update(database, row));
  if (closes) SB_TRY_VOID(drop_oldest_closed(database, step, row));
  step.changed = std::move(row);
  return step;
}

Result<Step> put_closed(Database& database, const std::string& id, const ProcessIdentity& process,
                        WallTime now, std::uint64_t stamp) {
  Step step;
  SB_TRY(step.before, find_row(database, id));
  if (!step.before || step.before->state == model::TerminalState::closed ||
      step.before->process != process) {
    return step;
  }
  TerminalRow row = *step.before;
  row.state = model::TerminalState::closed;
  row.closed_at = now;
  row.stamp = stamp;
  SB_TRY_VOID(update(database, row));
  SB_TRY_VOID(drop_oldest_closed(database, step, row));
  step.changed = std::move(row);
  return step;
}

Result<bool> delete_row(Database& database, const std::string& id, bool only_closed) {
  SB_TRY_VOID(database.execute(only_closed
                                   ? "DELETE FROM terminal WHERE id = ? AND state = 'closed'"
                                   : "DELETE FROM terminal WHERE id = ?",
                               {id}));
  return database.changes() != 0;
}

Result<std::vector<TerminalRow>> delete_rows_of(Database& database,
                                                const model::WorkspaceId& workspace) {
  SB_TRY(auto gone, rows(database, "WHERE workspace = ?", {workspace.view()}));
  SB_TRY_VOID(database.execute("DELETE FROM terminal WHERE workspace = ?", {workspace.view()}));
  return gone;
}

}  // namespace sb::terminal
