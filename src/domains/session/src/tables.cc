#include "tables.h"

#include <map>
#include <optional>
#include <utility>

#include "sb/core/json_codec.h"

namespace sb::session {
namespace {

std::int64_t to_number(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime to_wall(std::int64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

sqlite::Value nullable(const std::optional<std::int64_t>& number) {
  return number ? sqlite::Value(*number) : sqlite::Value(nullptr);
}

template <class E>
E to_enum(const std::string& text, E fallback) {
  return enum_from_text<E>(text).value_or(fallback);
}

SessionRow read_session(const sqlite::Row& row) {
  SessionRow out;
  out.id = row.text(0);
  out.agent = row.text(1);
  out.agent_session = row.text(2);
  out.workspace = model::WorkspaceId(row.text(3));
  out.directory = row.text(4);
  out.config_directory = row.text(5);
  out.name = row.text_or_null(6);
  out.model = row.text_or_null(7);
  SessionFacts& facts = out.facts;
  facts.phase = to_enum(row.text(8), facts.phase);
  facts.process_state = to_enum(row.text(9), facts.process_state);
  facts.activity = to_enum(row.text(10), facts.activity);
  facts.activity_known = row.integer(11) != 0;
  if (const auto at = row.integer_or_null(12)) {
    facts.last_exit = model::LastExit{row.integer_or_null(13), to_wall(*at), row.integer(14) != 0};
  }
  facts.error = row.text_or_null(15);
  facts.process = {row.text(16), static_cast<std::int32_t>(row.integer(17)),
                   static_cast<std::uint64_t>(row.integer(18))};
  facts.ended = row.integer(19) != 0;
  facts.end_seen = row.integer(20) != 0;
  facts.order = static_cast<std::uint64_t>(row.integer(21));
  out.created_at = to_wall(row.integer(22));
  out.updated_at = to_wall(row.integer(23));
  out.stamp = static_cast<std::uint64_t>(row.integer(24));
  return out;
}

Request read_request(const sqlite::Row& row) {
  Request out;
  out.id = row.text(1);
  out.type = to_enum(row.text(2), out.type);
  out.at = to_wall(row.integer(3));
  out.actor = row.text(4);
  out.tool_use = row.text(5);
  out.tool_key = static_cast<std::uint64_t>(row.integer(6));
  out.guessed = row.integer(7) != 0;
  return out;
}

Result<void> put_requests(sqlite::Database& database, const SessionRow& row) {
  SB_TRY_VOID(database.execute("DELETE FROM session_request WHERE session = ?", {row.id}));
  for (const Request& request : row.facts.requests) {
    SB_TRY_VOID(
        database.execute("INSERT OR REPLACE INTO session_request"
                         " (session, id, type, at, actor, tool_use, tool_key, guessed)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         {row.id, request.id, enum_text(request.type), to_number(request.at),
                          request.actor, request.tool_use, request.tool_key, request.guessed}));
  }
  return {};
}

}  // namespace

Result<std::vector<SessionRow>> all_sessions(sqlite::Database& database) {
  std::vector<SessionRow> rows;
  std::map<std::string, std::size_t> index;
  SB_TRY_VOID(database.query(
      "SELECT id, agent, agent_session, workspace, directory, config_directory, name, model, phase,"
      " process_state, activity, activity_known, exit_at, exit_code, exit_unexpected, error, boot,"
      " pid, start_ticks, ended, end_seen, edge_order, created_at, updated_at, stamp"
      " FROM session ORDER BY id",
      {}, [&](const sqlite::Row& row) {
        rows.push_back(read_session(row));
        index[rows.back().id] = rows.size() - 1;
      }));
  SB_TRY_VOID(
      database.query("SELECT session, id, type, at, actor, tool_use, tool_key, guessed"
                     " FROM session_request ORDER BY session, at, id",
                     {}, [&](const sqlite::Row& row) {
                       const auto found = index.find(row.text(0));
                       if (found == index.end()) return;
                       rows[found->second].facts.requests.push_back(read_request(row));
                     }));
  return rows;
}

Result<void> insert_session(sqlite::Database& database, const SessionRow& row) {
  const SessionFacts& facts = row.facts;
  SB_TRY_VOID(database.execute(
      "INSERT OR IGNORE INTO session (id, agent, agent_session, workspace, directory,"
      " config_directory, name, model, phase, process_state, activity, activity_known, exit_at,"
      " exit_code, exit_unexpected, error, boot, pid, start_ticks, ended, end_seen, edge_order,"
      " created_at, updated_at, stamp)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {row.id,
       row.agent,
       row.agent_session,
       row.workspace.view(),
       row.directory,
       row.config_directory,
       row.name,
       row.model,
       enum_text(facts.phase),
       enum_text(facts.process_state),
       enum_text(facts.activity),
       facts.activity_known,
       facts.last_exit ? sqlite::Value(to_number(facts.last_exit->timestamp))
                       : sqlite::Value(nullptr),
       facts.last_exit ? nullable(facts.last_exit->code) : sqlite::Value(nullptr),
       facts.last_exit ? sqlite::Value(facts.last_exit->unexpected) : sqlite::Value(nullptr),
       facts.error,
       facts.process.boot,
       facts.process.pid,
       facts.process.start_ticks,
       facts.ended,
       facts.end_seen,
       facts.order,
       to_number(row.created_at),
       to_number(row.updated_at),
       row.stamp}));
  if (database.changes() != 1) return fail(ErrorCode::conflict, "the session is there already");
  return put_requests(database, row);
}

Result<void> update_session(sqlite::Database& database, const SessionRow& row) {
  const SessionFacts& facts = row.facts;
  SB_TRY_VOID(database.execute(
      "UPDATE session SET workspace = ?, directory = ?, config_directory = ?, name = ?, model = ?,"
      " phase = ?, process_state = ?, activity = ?, activity_known = ?, exit_at = ?, exit_code = ?,"
      " exit_unexpected = ?, error = ?, boot = ?, pid = ?, start_ticks = ?, ended = ?,"
      " end_seen = ?, edge_order = ?, updated_at = ?, stamp = ?"
      " WHERE id = ? AND stamp < ?",
      {row.workspace.view(),
       row.directory,
       row.config_directory,
       row.name,
       row.model,
       enum_text(facts.phase),
       enum_text(facts.process_state),
       enum_text(facts.activity),
       facts.activity_known,
       facts.last_exit ? sqlite::Value(to_number(facts.last_exit->timestamp))
                       : sqlite::Value(nullptr),
       facts.last_exit ? nullable(facts.last_exit->code) : sqlite::Value(nullptr),
       facts.last_exit ? sqlite::Value(facts.last_exit->unexpected) : sqlite::Value(nullptr),
       facts.error,
       facts.process.boot,
       facts.process.pid,
       facts.process.start_ticks,
       facts.ended,
       facts.end_seen,
       facts.order,
       to_number(row.updated_at),
       row.stamp,
       row.id,
       row.stamp}));
  if (database.changes() != 1) return fail(ErrorCode::conflict, "the session is gone or newer");
  return put_requests(database, row);
}

Result<void> delete_session(sqlite::Database& database, const std::string& id) {
  return database.execute("DELETE FROM session WHERE id = ?", {id});
}

Result<void> delete_sessions_of(sqlite::Database& database, const model::WorkspaceId& workspace) {
  return database.execute("DELETE FROM session WHERE workspace = ?", {workspace.view()});
}

}  // namespace sb::session
