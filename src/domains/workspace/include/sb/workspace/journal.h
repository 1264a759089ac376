#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/result.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"

namespace sb::sqlite {
class Writer;
}

namespace sb::workspace {

/// One fact of an external producer as kept: the newest per (workspace, source, key). `key` is a
/// field name, or "collection/element id" for an element, or "" for the removal of the whole
/// workspace. `value` is JSON text; empty means the element (or workspace) was removed, and the
/// stamp says as of when.
struct JournalFact {
  model::WorkspaceId workspace;
  std::string source;
  model::Stamp stamp;
  std::string key;
  std::string value;
  /// The row that is there may be newer: then it stays. Not of a removal of the whole workspace.
  bool may_be_late = false;
};

/// What one commit writes: the epochs, then what is forgotten, then the facts, in order.
struct JournalBatch {
  std::vector<std::pair<std::string, std::string>> source_epochs;  ///< (source, life) begun
  std::vector<model::WorkspaceId> forget;  ///< workspaces of which nothing is to be kept
  std::vector<JournalFact> facts;
};

/// A JournalFact as it was read: its texts belong to the contents it is in.
struct JournalRow {
  std::string_view workspace;
  std::string_view source;
  model::Stamp stamp;
  std::string_view key;
  std::string_view value;
  std::int64_t written = 0;  ///< its place in the order of being written; 0 from the log
};

/// What the journal kept. Holds the texts of its rows in a few large blocks, because a start reads
/// thousands of short ones. Thread: externally locked.
class JournalContents {
 public:
  /// Its texts are copied.
  void add(const JournalRow& row);
  /// Puts the rows in order of being written.
  void sort();
  void reserve(std::size_t rows) { rows_.reserve(rows); }
  /// In order of being added, until they are sorted.
  [[nodiscard]] const std::vector<JournalRow>& rows() const { return rows_; }

  std::vector<std::pair<std::string, std::string>> source_epochs;  ///< (source, life), oldest first

 private:
  [[nodiscard]] std::string_view keep(std::string_view text);

  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>();
  std::vector<JournalRow> rows_;
};

/// The durable memory of external facts: what was answered 200 survives kill -9 (architecture,
/// section 6, durable). Bounded by live entries: one row per key, and a removed workspace leaves
/// one row; before they become rows, facts stand in a log of at most kLogBytesMax, which costs a
/// fifth, a text for each commit. While rows cannot be made, nothing more is written. Thread:
/// confined to the loop; the work happens on the database thread.
class Journal {
 public:
  static constexpr std::size_t kLogBytesMax = std::size_t{256}
                                              << 10U;  // before what it says becomes rows

  Journal(Loop& loop, sqlite::Writer& writer, Logger log);
  ~Journal();

  /// Blocks; for start-up, before the loop runs.
  Result<JournalContents> load();
  /// Writes what `make` answers, all or nothing, and calls `done` on the loop after the commit. A
  /// fact replaces the row of its key; the removal of a workspace deletes every other row of it
  /// first. `make` is called on the database thread: texts of rows are made where the loop does not
  /// wait for them.
  /// An empty batch writes too, without a trace: that it can be done is what it tells.
  void write(std::function<JournalBatch()> make, std::function<void(Result<void>)> done);
  /// What the log says becomes rows, which a start reads faster. For an orderly end.
  void fold();
  /// Why the database could not be written the last time, by whomever; empty when it could.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::workspace
