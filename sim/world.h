#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sb/workspace/journal.h"

#include "statement.h"

namespace sb::sim {

inline constexpr int kOwnProjects = 2;  // p0 and p1; p2 and on come into being by events

/// One row of our own tables.
struct Row {
  int project = 0;
  std::int64_t name = 0;  ///< tagged version, moves with every write
  std::int64_t branch = kNull;
  int status = 0;
  std::int64_t created = 0;
  std::uint64_t stamp = 0;
  bool is_main = false;
};

/// What is really so, and what the disk holds: survives every crash.
struct World {
  std::set<int> own_projects{0, 1};
  std::map<int, Row> rows;
  std::map<int, std::int64_t> worktrees;  ///< per workspace of ours: version of its git state

  /// External statements in order of arrival, as the oracle needs them after a restart.
  struct Heard {
    StatementPtr statement;
    model::Stamp stamp;
    WallTime wall{};
    std::string id;
    std::string epoch;
    std::uint64_t step = 0;  ///< of the journal
    bool written = false;
    bool late = false;   ///< was stale when it came
    bool floor = false;  ///< nothing its source said of the workspace up to then counts
  };
  std::vector<Heard> heard;
  std::uint64_t journal_steps = 0;
  std::set<int> evicted;  ///< once: the journal holds more of them than the view came back with
  std::set<int> doubted;  ///< once: with few tombstones an event was answered in another way

  // The journal of external facts as the database keeps it.
  std::list<workspace::JournalFact> journal;  ///< in order of being written
  std::vector<std::pair<std::string, std::string>> lives;
};

[[nodiscard]] Statement row_statement(int workspace, const Row& row);
[[nodiscard]] Statement git_statement(int workspace, std::int64_t version);

}  // namespace sb::sim
