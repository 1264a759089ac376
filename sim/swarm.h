#pragma once

#include <chrono>
#include <string>

#include "sb/snapshot/store.h"
#include "sb/snapshot/sync_batch.h"

#include "judge.h"
#include "rng.h"
#include "virtual_loop.h"

namespace sb::sim {

/// The mix of faults of one run, drawn anew for each seed: most faults are absent from most runs,
/// so that rare combinations of the others get deep. Percentages are chances per occasion.
struct Swarm {
  int actions = 40;
  int workspaces = 4;  ///< ids in play; a third of them each: ours, producer 1, producer 2
  int producers = 2;
  int clients = 2;
  std::chrono::milliseconds gap{20};  ///< between actions
  std::chrono::milliseconds pass_interval{400};
  std::chrono::milliseconds event_delay_max{2};
  std::chrono::milliseconds coalesce{100};
  snapshot::BatchLimits batches;
  snapshot::Limits limits;

  int churn = 10;  ///< of actions create, archive, remove, move
  int hot_key = 0;
  int own_event_lost = 0;
  int own_event_late = 0;
  int event_lost = 0;
  int event_twice = 0;
  int event_batched = 0;
  int shared_facts = 0;  ///< a producer speaks about what another source owns
  int pass_slow = 0;
  int pass_partial = 0;
  int pass_failing = 0;
  int project_removed = 0;
  int hint_lost = 0;
  int git_failing = 0;
  int wall_step = 0;
  int crash = 0;
  int producer_restart = 0;
  int client_cut = 0;
  int client_slow = 0;
  int half_open = 0;
  int client_restart = 0;  ///< comes back with what it saved only
  int client_acts = 0;     ///< of actions are a plain read, or a change of view, of a client
  int dialect2 = 50;       ///< of clients speak it
  int review_count = 0;
  bool sequenced[3] = {true, true, true};
  bool tombstones_bounded = false;  ///< so few that they may be dropped while still needed

  [[nodiscard]] static Swarm draw(Rng& rng);
  [[nodiscard]] std::string text() const;
};

/// What everything in a run shares. Thread: externally locked.
struct Env {
  Env(std::uint64_t seed, std::function<void(const std::string&)> trace)
      : rng(seed), network(~seed), judge(loop, std::move(trace)) {}
  VirtualLoop loop;
  Rng rng;
  /// Of clients and what is between: what they get to see, display times among it, never changes
  /// what the server is told.
  Rng network;
  Judge judge;
  Swarm swarm;
  bool calm = false;  ///< the end of a run: no more faults, everything is repaired
  std::int64_t versions = 0;

  /// Chance of a fault; never in the calm at the end.
  bool strikes(int percent) { return strikes(percent, rng); }
  bool network_strikes(int percent) { return strikes(percent, network); }
  std::chrono::microseconds delay_up_to(std::chrono::milliseconds most) {
    return rng.delay_up_to(most);
  }

 private:
  bool strikes(int percent, Rng& chance) {
    return percent != 0 && !calm && chance.percent(percent);
  }
};

}  // namespace sb::sim
