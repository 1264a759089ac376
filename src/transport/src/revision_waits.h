#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sb/core/loop.h"
#include "sb/snapshot/store.h"

namespace sb::transport {

/// Requests that wait for the store to reach a revision (read-your-write). Thread: confined to the
/// loop.
class RevisionWaits {
 public:
  RevisionWaits(Loop& loop, const snapshot::Store& store) : loop_(loop), store_(store) {}
  ~RevisionWaits();
  RevisionWaits(const RevisionWaits&) = delete;
  RevisionWaits& operator=(const RevisionWaits&) = delete;

  /// Calls `done(reached)` once: at once when already there, else after a commit or after `limit`.
  /// Reached is also the end of the epoch it was to be reached in: nothing more comes of that.
  void wait(snapshot::Revision revision, std::chrono::milliseconds limit,
            std::function<void(bool)> done);
  /// To be called after commits.
  void check();
  /// The server ends: whoever waits is told at once that the revision was not reached.
  void give_up();
  [[nodiscard]] bool empty() const { return waits_.empty(); }

 private:
  struct Wait {
    snapshot::Revision revision = 0;
    std::uint64_t epoch = 0;
    Loop::TimerId timer = 0;
    std::function<void(bool)> done;
  };
  Loop& loop_;
  const snapshot::Store& store_;
  std::vector<std::unique_ptr<Wait>> waits_;
};

}  // namespace sb::transport
