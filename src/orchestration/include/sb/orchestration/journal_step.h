#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "sb/model/facts.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/snapshot/source_memory.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

/// What one event adds to the journal, as the loop hands it over: rows and their texts are made on
/// the database thread. Thread: a value.
struct JournalStatement {
  JournalStatement();  // of its own, or a list that makes one fills it with zeros before

  model::WorkspaceId workspace;
  std::string source;
  model::Stamp stamp;
  bool removal = false;           ///< of the whole workspace; nothing else is said then
  model::FactPatch facts;         ///< as stated
  model::FieldSet accepted;       ///< the scalars of `facts` to keep
  bool elements = false;          ///< keep its changes of collections
  snapshot::SourceMemory memory;  ///< when what it says follows from more than the newest values

  /// How many rows it becomes.
  [[nodiscard]] std::size_t row_count() const;
};
inline JournalStatement::JournalStatement() = default;

/// One step of the journal, in order.
struct JournalStep {
  std::vector<JournalStatement> said;
  std::vector<model::WorkspaceId> forget;  ///< before `said`: everything older of these workspaces
  std::vector<std::pair<std::string, std::string>>
      epochs;  ///< (source, life) begun, before the facts
  [[nodiscard]] bool empty() const { return said.empty() && forget.empty() && epochs.empty(); }
  /// At most so many rows.
  [[nodiscard]] std::size_t row_count() const;
  /// Whatever was said of this workspace counts no longer.
  void forget_all_of(const model::WorkspaceId& id);
  /// This step and a later one become one.
  void append(JournalStep later);
  /// Its rows, in order of being said: one per accepted scalar, per element, per whole list and per
  /// removal, and the memory of its source where a statement needs one.
  [[nodiscard]] workspace::JournalBatch batch() const;
};

}  // namespace sb::orchestration
