#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "sb/core/clock.h"
#include "sb/core/loop.h"
#include "sb/model/ids.h"

namespace sb::git {

/// Decides when which worktree is read: hints are debounced with a maximum wait, at most a few
/// reads run at once, at most one per worktree, in order of becoming due; a hint during a read
/// causes one more. A read that takes long is not repeated before as much time again has passed.
/// Thread: confined to the loop. Must outlive its timers (destroy it on the loop).
class RefreshQueue {
 public:
  using Ticket = std::uint64_t;  ///< of one running read, never 0
  struct Options {
    std::chrono::milliseconds debounce;
    std::chrono::milliseconds debounce_max;
    std::size_t running_max;
  };
  /// `start(id, ticket)` begins a read; `finished(ticket)` must follow once, later.
  using Start = std::function<void(const model::WorkspaceId&, Ticket)>;

  RefreshQueue(Loop& loop, const Clock& clock, Options options, Start start);
  ~RefreshQueue();
  RefreshQueue(const RefreshQueue&) = delete;
  RefreshQueue& operator=(const RefreshQueue&) = delete;

  /// Something changed: a read follows when it has been quiet, or soon anyway.
  void hint(const model::WorkspaceId& id);
  /// A read follows as soon as it is its turn.
  void urgent(const model::WorkspaceId& id);
  /// A read follows after `delay`, unless an earlier one does.
  void later(const model::WorkspaceId& id, std::chrono::nanoseconds delay);
  void finished(Ticket ticket);
  void remove(const model::WorkspaceId& id);

  /// True when no read of it runs or is due.
  [[nodiscard]] bool quiet(const model::WorkspaceId& id) const;

 private:
  struct Entry {
    std::optional<MonoTime> first_hint;  ///< of those not yet covered by a started read
    std::optional<MonoTime> due;
    MonoTime not_before{};
    MonoTime started{};
    Loop::TimerId timer = 0;
    Ticket running = 0;
    bool ready = false;
  };

  void arm(const model::WorkspaceId& id, Entry& entry);
  void fire(const model::WorkspaceId& id);
  void pump();

  Loop& loop_;
  const Clock& clock_;
  Options options_;
  Start start_;
  std::unordered_map<model::WorkspaceId, Entry> entries_;
  std::deque<model::WorkspaceId> ready_;
  std::map<Ticket, model::WorkspaceId> running_;
  Ticket last_ticket_ = 0;
};

}  // namespace sb::git
