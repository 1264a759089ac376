#include "sb/ratchet/schema.h"

#include <array>

namespace sb::ratchet {
namespace {

// One row a workspace that was ever switched on. Times are milliseconds since 1970 UTC.
// pr_number, head_commit, trouble: what the record is about; null together with outcome. mark: of a
// fixer of which processes may be left; null when surely none is.
constexpr std::array<std::string_view, 1> kMigrations{R"sql(
CREATE TABLE ratchet (
  workspace   TEXT PRIMARY KEY,
  enabled     INTEGER NOT NULL,
  outcome     TEXT,
  retries     INTEGER NOT NULL,
  stalled     INTEGER NOT NULL,
  pr_number   INTEGER,
  head_commit TEXT,
  trouble     TEXT,
  mark        TEXT,
  error       TEXT,
  started_at  INTEGER,
  ended_at    INTEGER,
  stamp       INTEGER NOT NULL
) STRICT;
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace sb::ratchet
