#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sb/core/result.h"
#include "sb/workspace/journal.h"

namespace sb::workspace {

/// One thing said of facts. Its texts belong to whoever made it.
struct LogEntry {
  enum class Kind : char {
    fact = '=',       ///< takes the place of the row of its key; without a key, of the workspace's
    late_fact = '~',  ///< the same, unless what is there is newer
    forget = '-',     ///< nothing of `row.workspace` is to be kept
  };
  Kind kind = Kind::fact;
  JournalRow row;

  /// Nothing said of its workspace before counts any more.
  [[nodiscard]] bool wipes() const { return kind == Kind::forget || row.key.empty(); }
};

/// What a batch says, but for its epochs, in order.
[[nodiscard]] std::vector<LogEntry> entries_of(const JournalBatch& batch);

/// The text of a log: for each entry its kind, the stamp, the sizes of its texts and the texts.
void append_entry(std::string& text, const LogEntry& entry);
/// Appends what `text` holds, without a copy. Errors: internal, naming the byte that is no good.
Result<void> read_entries(std::string_view text, std::vector<LogEntry>& entries);

/// Of entries in order of being said, those that still count once all of them were: the last word
/// on each key, and no fact of a workspace that was removed or forgotten later. A late fact that
/// took the place of one that is not late is late no longer.
void drop_outdated(std::vector<LogEntry>& entries);

}  // namespace sb::workspace
