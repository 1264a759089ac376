#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/error.h"
#include "sb/model/event.h"
#include "sb/snapshot/store.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

/// Events of external producers on their way into the store: duplicates, order within a source,
/// mapping to facts, and what has to be journalled. Pure: no I/O, no clock of its own; the engine
/// writes the journal and answers. Thread: confined to the loop. Borrows the store. Rules:
/// protocol, section 5; architecture, section 6.
class Ingest {
 public:
  explicit Ingest(snapshot::Store& store) : store_(&store) {}

  struct Verdict {
    enum class Kind { accepted, duplicate, stale, rejected };
    Kind kind = Kind::accepted;
    Error error;  ///< set when rejected; its path is relative to the event
  };
  /// One step of the journal, in order.
  struct JournalStep {
    std::vector<workspace::JournalFact> facts;
    std::vector<model::WorkspaceId>
        forget;  ///< before `facts`: everything older of these workspaces
    std::vector<std::pair<std::string, std::string>>
        epochs;  ///< (source, life) begun, before the facts
    [[nodiscard]] bool empty() const { return facts.empty() && forget.empty() && epochs.empty(); }
  };
  struct Step {
    std::vector<Verdict> verdicts;  ///< one per event, in order
    JournalStep journal;
  };

  /// Applies the events in order, each as one commit.
  Step submit(std::vector<model::ExternalEvent> events, WallTime wall, MonoTime mono);

  /// Our own domains removed a workspace: the journal drops what producers said of it, and keeps
  /// as of when that was void, should the workspace come back.
  [[nodiscard]] JournalStep removed(const model::WorkspaceId& id) const;

  /// Feeds what the journal kept, at start-up. Facts that cannot be read any more are skipped and
  /// counted.
  std::size_t restore(const workspace::JournalContents& contents, WallTime wall, MonoTime mono);

  /// After `restore`: workspaces the journal holds facts of and nobody knows any more. A crash came
  /// between their end and the journal's forgetting: they are `removed` now.
  [[nodiscard]] std::vector<model::WorkspaceId> orphans(
      const workspace::JournalContents& contents) const;

  static constexpr std::size_t kRememberedIds = 10'000;  // event ids, for duplicates

 private:
  struct SourceOrder {
    std::uint32_t epoch = 0;
    std::uint64_t sequence_max = 0;  // highest of the current life
  };
  Verdict take(model::ExternalEvent& event, WallTime wall, MonoTime mono, JournalStep& journal);
  Verdict apply_facts(const model::ExternalEvent& event, snapshot::SourceId source,
                      model::Stamp stamp, const model::FactPatch& stated, WallTime wall,
                      MonoTime mono, JournalStep& journal);
  Verdict apply_removal(const model::ExternalEvent& event, snapshot::SourceId source,
                        model::Stamp stamp, WallTime wall, MonoTime mono, JournalStep& journal);
  void journal_memory(const workspace::JournalFact& row, snapshot::SourceId source,
                      JournalStep& journal) const;
  // As of when what everybody but the remover said is void.
  void journal_speakers(const model::WorkspaceId& id, snapshot::SourceId remover,
                        JournalStep& journal) const;
  Verdict ensure_project(const model::ProjectId& id, WallTime wall);
  bool remember(const std::string& source, const std::string& id);

  snapshot::Store* store_;
  std::unordered_map<std::uint16_t, SourceOrder> orders_;  // by SourceId
  std::uint64_t arrivals_ = 0;
  std::unordered_set<std::string> seen_;
  std::deque<std::string> seen_order_;
};

}  // namespace sb::orchestration
