#include "sb/terminal/schema.h"

#include <array>

namespace sb::terminal {
namespace {

// One row a terminal. Times are milliseconds since 1970 UTC. boot, pid, start_ticks: identity of
// the process whose end closes it.
constexpr std::array<std::string_view, 1> kMigrations{R"sql(
CREATE TABLE terminal (
  id               TEXT PRIMARY KEY,
  workspace        TEXT NOT NULL,
  state            TEXT NOT NULL,
  title            TEXT,
  last_activity_at INTEGER NOT NULL,
  boot             TEXT NOT NULL,
  pid              INTEGER NOT NULL,
  start_ticks      INTEGER NOT NULL,
  opened_at        INTEGER NOT NULL,
  closed_at        INTEGER,
  stamp            INTEGER NOT NULL
) STRICT;
CREATE INDEX terminal_workspace ON terminal (workspace);
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace sb::terminal
