#include "sb/run_script/schema.h"

#include <array>

namespace sb::run_script {
namespace {

// One row a workspace whose run script ever ran. Times are milliseconds since 1970 UTC.
// command: argument list as a JSON array. mark: of a run of which processes may be left; null when
// surely none is. boot, pid, start_ticks: identity of the command.
constexpr std::array<std::string_view, 1> kMigrations{R"sql(
CREATE TABLE run_script (
  workspace   TEXT PRIMARY KEY,
  status      TEXT NOT NULL,
  command     TEXT NOT NULL,
  mark        TEXT,
  boot        TEXT NOT NULL,
  pid         INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL,
  port        INTEGER,
  exit_code   INTEGER,
  error       TEXT,
  started_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  stamp       INTEGER NOT NULL
) STRICT;
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace sb::run_script
