#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/ids.h"
#include "sb/session/machine.h"

namespace sb::session {

/// One session. Columns of the table.
struct SessionRow {
  std::string id;  ///< "claude:5b0a…": agent and the agent's own id; what travels
  std::string agent;
  std::string agent_session;     ///< the agent's own id
  model::WorkspaceId workspace;  ///< empty: outside every workspace, kept and reported
  std::string directory;         ///< where it works; bytes
  std::string config_directory;  ///< of the agent, when it is not the usual one; bytes
  std::optional<std::string> name;
  std::optional<std::string> model;
  SessionFacts facts;
  WallTime created_at{};
  WallTime updated_at{};    ///< last visible change; moves in steps of 10 s while it works
  std::uint64_t stamp = 0;  ///< own counter at its last commit
};

/// What the domain tells, always after the commit. A session that moved to another workspace is
/// removed from the one before first.
struct SessionChanged {
  SessionRow row;
  std::vector<std::string> settled;  ///< ids of requests told before and not open any more
};
struct SessionRemoved {
  std::string id;
  model::WorkspaceId workspace;
  std::vector<std::string> settled;
  std::uint64_t stamp = 0;
};
using Event = std::variant<SessionChanged, SessionRemoved>;

/// All rows as one read saw them.
struct Contents {
  std::vector<SessionRow> sessions;
  std::uint64_t fence = 0;      ///< own counter, taken before the read began
  std::uint64_t stamp_max = 0;  ///< highest stamp of any row
};

/// Finds the workspace that holds a directory. Plugged in by orchestration. Thread: confined to the
/// loop.
struct WorkspaceLocator {
  virtual ~WorkspaceLocator() = default;
  /// The innermost workspace whose worktree holds `directory` (absolute, canonical bytes), if any.
  [[nodiscard]] virtual std::optional<model::WorkspaceId> at(std::string_view directory) const = 0;
};

}  // namespace sb::session
