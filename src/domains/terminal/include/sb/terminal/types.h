#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::terminal {

/// One terminal. Columns of the table.
struct TerminalRow {
  std::string id;  ///< given by whoever runs it, unique for ever
  model::WorkspaceId workspace;
  model::TerminalState state = model::TerminalState::open;
  std::optional<std::string> title;
  WallTime last_activity_at{};  ///< moves in steps of 10 s
  ProcessIdentity process;      ///< whose end closes it
  WallTime opened_at{};
  std::optional<WallTime> closed_at;
  std::uint64_t stamp = 0;  ///< own counter at its last commit
};

/// How a terminal is, as whoever runs it says: all of it each time.
struct TerminalReport {
  std::string id;
  std::string directory;  ///< in which it works: absolute, canonical; decides the workspace
  model::TerminalState state = model::TerminalState::open;
  std::optional<std::string> title;
  WallTime last_activity_at{};
  ProcessIdentity process;
};

/// What the domain tells, always after the commit. A terminal that moved to another workspace is
/// removed from the one before first.
struct TerminalChanged {
  TerminalRow row;
};
struct TerminalRemoved {
  std::string id;
  model::WorkspaceId workspace;
  std::uint64_t stamp = 0;
};
using Event = std::variant<TerminalChanged, TerminalRemoved>;

/// All rows as one read saw them.
struct Contents {
  std::vector<TerminalRow> rows;
  std::uint64_t fence = 0;  ///< own counter, taken before the read began
};

/// Finds the workspace that holds a directory. Plugged in by orchestration. Thread: confined to the
/// loop.
struct WorkspaceLocator {
  virtual ~WorkspaceLocator() = default;
  /// The innermost workspace whose worktree holds `directory` (absolute, canonical bytes), if any.
  [[nodiscard]] virtual std::optional<model::WorkspaceId> at(std::string_view directory) const = 0;
};

}  // namespace sb::terminal
