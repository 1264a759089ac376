#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/error.h"
#include "sb/model/event.h"
#include "sb/orchestration/journal_step.h"
#include "sb/snapshot/store.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

/// Events of external producers on their way into the store: duplicates, order within a source,
/// mapping to facts, and what has to be journalled. Pure: no I/O, no clock of its own; the engine
/// writes the journal and answers. Thread: confined to the loop. Borrows the store. Rules:
/// protocol, section 5; architecture, section 6.
class Ingest {
 public:
  explicit Ingest(snapshot::Store& store);
  ~Ingest();

  struct Verdict {
    enum class Kind { accepted, duplicate, stale, rejected };
    Kind kind = Kind::accepted;
    Error error;  ///< set when rejected; its path is relative to the event
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

 private:
  struct Producer;
  struct Place {
    snapshot::SourceId source;
    model::Stamp stamp;  // where in its order
    bool first_word;     // nothing of this source was taken in before
  };

  Producer& producer(snapshot::SourceId source);
  Verdict take(model::ExternalEvent& event, WallTime wall, MonoTime mono, JournalStep& journal);
  Verdict take_from(snapshot::SourceId source, model::ExternalEvent& event, WallTime wall,
                    MonoTime mono, JournalStep& journal, bool first_word);
  Verdict apply_facts(model::ExternalEvent& event, const Place& place, WallTime wall, MonoTime mono,
                      JournalStep& journal);
  Verdict apply_removal(model::ExternalEvent& event, const Place& place, WallTime wall,
                        MonoTime mono, JournalStep& journal);
  // As of when what everybody but the remover said is void.
  void journal_speakers(const model::WorkspaceId& id, snapshot::SourceId remover,
                        JournalStep& journal) const;
  Verdict ensure_project(const model::ProjectId& id, WallTime wall);

  snapshot::Store* store_;
  std::vector<std::unique_ptr<Producer>> producers_;  // by SourceId; null: not heard of yet
  std::uint64_t arrivals_ = 0;
};

}  // namespace sb::orchestration
