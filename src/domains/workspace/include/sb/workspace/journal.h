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
};

/// A JournalFact as it was read: its texts belong to the contents it is in.
struct JournalRow {
  std::string_view workspace;
  std::string_view source;
  model::Stamp stamp;
  std::string_view key;
  std::string_view value;
};

/// What the journal kept. Holds the texts of its rows in a few large blocks, because a start reads
/// thousands of short ones. Thread: externally locked.
class JournalContents {
 public:
  /// The next row in order of being written. Its texts are copied.
  void add(const JournalRow& row);
  void reserve(std::size_t rows) { rows_.reserve(rows); }
  /// In order of being written.
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
/// one row. Thread: confined to the loop; the work happens on the database thread.
class Journal {
 public:
  Journal(Loop& loop, sqlite::Writer& writer, Logger log);
  ~Journal();

  /// Blocks; for start-up, before the loop runs.
  Result<JournalContents> load();
  /// Writes facts (replacing older rows of the same key; a row that is newer already stays) and
  /// calls `done` on the loop after the commit. A removal of a workspace deletes every other row of
  /// it first.
  void write(std::vector<JournalFact> facts, std::function<void(Result<void>)> done);
  /// The same of what `make` answers. It is called on the database thread: texts of rows are made
  /// where the loop does not wait for them.
  void write(std::function<std::vector<JournalFact>()> make,
             std::function<void(Result<void>)> done);
  /// A source began a new life.
  void note_epoch(std::string source, std::string epoch, std::function<void(Result<void>)> done);
  /// Forgets all facts of these workspaces but keeps nothing else: for expired tombstones and
  /// removed projects.
  void forget(std::vector<model::WorkspaceId> workspaces, std::function<void(Result<void>)> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::workspace
