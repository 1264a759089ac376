#include "tables.h"

#include <array>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/github/schema.h"
#include "sb/sqlite/collect.h"

namespace sb::github {
namespace {

using sqlite::Database;
using sqlite::Row;

// Times are milliseconds since 1970 UTC.
constexpr std::array<std::string_view, 1> kMigrations{R"sql(
-- What is known of the pull request of a workspace. observed 0: nothing is known of the branch yet; number NULL and
-- observed 1: there is none. conflict NULL: not worked out yet.
CREATE TABLE pull_request (
  workspace   TEXT PRIMARY KEY,
  branch      TEXT NOT NULL,
  head_oid    TEXT NOT NULL,
  observed    INTEGER NOT NULL,
  number      INTEGER,
  host        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  name        TEXT NOT NULL,
  url         TEXT NOT NULL,
  state       TEXT NOT NULL,
  ci          TEXT NOT NULL,
  conflict    INTEGER,
  review      TEXT,
  head_branch TEXT NOT NULL,
  head_commit TEXT NOT NULL,
  updated_at  INTEGER NOT NULL,
  stamp       INTEGER NOT NULL
) STRICT;
)sql"};

Result<PrRow> read_row(const Row& row) {
  PrRow pr;
  pr.workspace = model::WorkspaceId(row.text(0));
  pr.branch = row.text(1);
  pr.head_oid = row.text(2);
  pr.observed = row.integer(3) != 0;
  pr.number = row.integer_or_null(4);
  pr.repository = {row.text(5), row.text(6), row.text(7)};
  pr.url = row.text(8);
  const auto state = enum_from_text<model::PrState>(row.text(9));
  const auto ci = enum_from_text<model::CiStatus>(row.text(10));
  if (!state || !ci) {
    return fail(ErrorCode::internal,
                "the pull request of workspace " + pr.workspace.str() + " has an unknown state");
  }
  pr.state = *state;
  pr.ci = *ci;
  if (const auto conflict = row.integer_or_null(11)) pr.conflict = *conflict != 0;
  pr.review = row.text_or_null(12);
  pr.head_branch = row.text(13);
  pr.head_commit = row.text(14);
  pr.updated_at = WallTime(std::chrono::milliseconds(row.integer(15)));
  pr.stamp = static_cast<std::uint64_t>(row.integer(16));
  return pr;
}

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

Result<std::vector<PrRow>> all_rows(Database& database) {
  return sqlite::collect(
      database,
      "SELECT workspace, branch, head_oid, observed, number, host, owner, name, url, state, ci,"
      " conflict, review, head_branch, head_commit, updated_at, stamp FROM pull_request"
      " ORDER BY workspace",
      {}, read_row);
}

Result<void> put_row(Database& database, const PrRow& row, std::uint64_t expected) {
  // Optional numbers: SQLite's own null, chosen by value.
  const sqlite::Value number = row.number ? sqlite::Value(*row.number) : sqlite::Value(nullptr);
  const sqlite::Value conflict =
      row.conflict ? sqlite::Value(*row.conflict ? 1 : 0) : sqlite::Value(nullptr);
  SB_TRY_VOID(database.execute(
      "INSERT INTO pull_request (workspace, branch, head_oid, observed, number, host, owner, name,"
      " url, state, ci, conflict, review, head_branch, head_commit, updated_at, stamp)"
      " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17"
      " WHERE ?18 = coalesce((SELECT stamp FROM pull_request WHERE workspace = ?1), 0)"
      " ON CONFLICT (workspace) DO UPDATE SET branch = excluded.branch,"
      " head_oid = excluded.head_oid, observed = excluded.observed, number = excluded.number,"
      " host = excluded.host, owner = excluded.owner, name = excluded.name, url = excluded.url,"
      " state = excluded.state, ci = excluded.ci, conflict = excluded.conflict,"
      " review = excluded.review, head_branch = excluded.head_branch,"
      " head_commit = excluded.head_commit, updated_at = excluded.updated_at,"
      " stamp = excluded.stamp",
      {row.workspace.view(), row.branch, row.head_oid, row.observed, number, row.repository.host,
       row.repository.owner, row.repository.name, row.url, enum_text(row.state), enum_text(row.ci),
       conflict, row.review, row.head_branch, row.head_commit,
       row.updated_at.time_since_epoch().count(), row.stamp, expected}));
  if (database.changes() != 1) {
    return fail(ErrorCode::conflict, "the pull request of the workspace was changed meanwhile");
  }
  return {};
}

Result<void> delete_row(Database& database, const model::WorkspaceId& id) {
  return database.execute("DELETE FROM pull_request WHERE workspace = ?", {id.view()});
}

}  // namespace sb::github
