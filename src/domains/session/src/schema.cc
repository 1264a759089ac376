#include "sb/session/schema.h"

#include <array>

namespace sb::session {
namespace {

// Times are milliseconds since 1970 UTC. Directories are bytes. boot, pid, start_ticks: the process
// it runs in; edge_order: monotonic nanoseconds of that boot.
constexpr std::array<std::string_view, 1> kMigrations{R"sql(
CREATE TABLE session (
  id               TEXT PRIMARY KEY,
  agent            TEXT NOT NULL,
  agent_session    TEXT NOT NULL,
  workspace        TEXT NOT NULL,
  directory        TEXT NOT NULL,
  config_directory TEXT NOT NULL,
  name             TEXT,
  model            TEXT,
  phase            TEXT NOT NULL,
  process_state    TEXT NOT NULL,
  activity         TEXT NOT NULL,
  activity_known   INTEGER NOT NULL,
  exit_at          INTEGER,
  exit_code        INTEGER,
  exit_unexpected  INTEGER,
  error            TEXT,
  boot             TEXT NOT NULL,
  pid              INTEGER NOT NULL,
  start_ticks      INTEGER NOT NULL,
  ended            INTEGER NOT NULL,
  end_seen         INTEGER NOT NULL,
  edge_order       INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  stamp            INTEGER NOT NULL
) STRICT;
CREATE INDEX session_workspace ON session (workspace);

-- What a session waits for; gone with it.
CREATE TABLE session_request (
  session  TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  id       TEXT NOT NULL,
  type     TEXT NOT NULL,
  at       INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  tool_use TEXT NOT NULL,
  tool_key INTEGER NOT NULL,
  guessed  INTEGER NOT NULL,
  PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace sb::session
