#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/result.h"
#include "sb/orchestration/journal_step.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

/// The way of facts into the journal, in order and one commit at a time. A step that comes alone is
/// written in the next turn of the loop; what comes within kGather after it becomes one step and
/// one commit. What could not be written is kept and goes first with the next step, because the
/// view shows it already, and what is said again is a repeat. Bounded by who adds: nothing is
/// dropped, so no more is let in than `waiting` allows. Thread: confined to the loop.
class JournalQueue : public std::enable_shared_from_this<JournalQueue> {
 public:
  static constexpr std::chrono::milliseconds kGather{5};
  using Done = std::function<void(const Result<void>&)>;

  JournalQueue(Loop& loop, workspace::Journal& journal, Logger log)
      : loop_(loop), journal_(journal), log_(std::move(log)) {}

  /// `done` is called once this step and all before it are on disk, or with why not: at once when
  /// there is nothing to write.
  void add(JournalStep step, Done done);
  /// Tries once more what could not be written, and when there is nothing, whether one can write.
  void retry(Done done);
  /// Rows, removals and lives that wait for the disk, those that could not be written too.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// The last write did not succeed: what it held is kept.
  [[nodiscard]] bool failing() const { return failing_; }
  /// Gathers no longer: what is here is on its way when this returns.
  void stop();

 private:
  struct Commit {
    JournalStep step;
    std::vector<Done> done;
    std::size_t rows = 0;
  };

  void write();
  void written(Commit& commit, const Result<void>& result);
  void finish(const std::vector<Done>& done, const Result<void>& result);

  Loop& loop_;
  workspace::Journal& journal_;
  Logger log_;
  Commit gathered_;
  Commit failed_;  // nobody waits for it any more
  std::size_t waiting_ = 0;
  bool writing_ = false;
  bool failing_ = false;         // the last write did
  bool trial_ = false;           // the next one is made even of nothing
  Loop::TimerId gathering_ = 0;  // until when nothing is written
};

}  // namespace sb::orchestration
