#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/ratchet/types.h"
#include "sb/sqlite/database.h"

// The statements of this domain. Thread: the database thread. Each step is one statement, which
// decides who wins; nothing means that it lost, or that there was nothing to change.

namespace sb::ratchet {

Result<std::vector<RatchetRow>> read_rows(sqlite::Database& database);
Result<std::optional<RatchetRow>> find_row(sqlite::Database& database,
                                           const model::WorkspaceId& id);

/// The switch. Off clears the record; the mark stays until nothing of the fixer is left.
Result<std::optional<RatchetRow>> put_enabled(sqlite::Database& database,
                                              const model::WorkspaceId& id, bool enabled,
                                              std::uint64_t stamp);

/// The row a decision was made upon: a step that finds another one has lost.
struct Seen {
  model::WorkspaceId workspace;
  std::uint64_t stamp = 0;
};
/// Not running -> RUNNING over `key`, with a fixer that is about to start.
Result<std::optional<RatchetRow>> put_dispatched(sqlite::Database& database, const Seen& seen,
                                                 const DispatchKey& key, const std::string& mark,
                                                 WallTime now, std::uint64_t stamp);
/// A settled record begins anew.
Result<std::optional<RatchetRow>> put_reset(sqlite::Database& database, const Seen& seen,
                                            std::uint64_t stamp);
/// A settled record is given up, once.
Result<std::optional<RatchetRow>> put_stalled(sqlite::Database& database, const Seen& seen,
                                              std::uint64_t stamp);

/// How a fixer ended, for its row.
struct EndOfFixer {
  std::optional<std::int64_t> exit_code;
  std::optional<std::string> error;  ///< set: DIED
  WallTime at{};
  bool counts = true;  ///< as a death, if it is one
};
/// The end of the fixer `mark`: RUNNING -> COMPLETED or DIED. Nothing of it is left.
Result<std::optional<RatchetRow>> put_ended(sqlite::Database& database,
                                            const model::WorkspaceId& id,
                                            const std::optional<std::string>& mark,
                                            const EndOfFixer& end, std::uint64_t stamp);
/// Nothing of the fixer `mark` is left; its row says so already.
Result<void> clear_mark(sqlite::Database& database, const std::string& mark);
Result<void> delete_row(sqlite::Database& database, const model::WorkspaceId& id);

/// What a crash left RUNNING has DIED, and it counts.
Result<void> reset_after_crash(sqlite::Database& database, WallTime now, std::uint64_t stamp);
/// What a stop of the server ends is sent again, and does not count.
Result<void> reset_at_stop(sqlite::Database& database, WallTime now, std::uint64_t stamp);

}  // namespace sb::ratchet
