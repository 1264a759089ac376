#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/ids.h"
#include "sb/ratchet/rules.h"

namespace sb::ratchet {

/// Auto-fix of one workspace. Columns of the table. A workspace without a row is off.
struct RatchetRow {
  model::WorkspaceId workspace;
  bool enabled = false;
  Record record;
  std::optional<std::string> mark;   ///< of a fixer of which processes may be left
  std::optional<std::string> error;  ///< why the last fixer DIED, a sentence
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
  std::uint64_t stamp = 0;  ///< own counter at its last commit
};

/// What the domain tells, always after the commit.
struct RatchetChanged {
  RatchetRow row;
  bool toggled = false;  ///< by the switch; else the dispatch record moved
};

/// All rows as one read saw them.
struct Contents {
  std::vector<RatchetRow> rows;
  std::uint64_t fence = 0;  ///< own counter, taken before the read began
};

/// A fixer as the rest of the server sees it.
struct Fixer {
  std::string id;  ///< the mark of its run
  model::WorkspaceId workspace;
  std::string worktree;
  ProcessIdentity process;
};

}  // namespace sb::ratchet
