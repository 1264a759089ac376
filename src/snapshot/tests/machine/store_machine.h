#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sb/snapshot/store.h"

#include "oracle/oracle.h"
#include "oracle/statement.h"
#include "step.h"
#include "store_checks.h"

namespace sb::snapshot {

/// A store and the naive oracle, told the same by a list of commands: facts of our own domains and
/// of three producers (one numbers its events, one does not, one now and then), late and repeated,
/// in several lives; removals, reads, absences, commits of several updates, time. After every
/// command everything is compared. A difference fails the running property.
/// Thread: externally locked.
class StoreMachine {
 public:
  explicit StoreMachine(const Limits& limits);
  void run(const Step& step);
  /// Ends an open commit and delivers what was kept back.
  void finish();

 private:
  struct Said {
    sim::Statement statement;
    std::string life;
    std::optional<std::uint64_t> sequence;
    bool removal = false;
    bool archives = false;  ///< the removal is stated as a status
    Update::Cause cause = Update::Cause::event;
    model::Stamp own;  ///< of our own domains: taken when it was read or written
  };
  struct Speaker {
    int lives = 1;
    std::uint64_t sequence = 0;
    std::uint32_t epoch = 0;  ///< as the store should count its lives, those heard of
    std::vector<std::string> heard;
    std::uint64_t sequence_max = 0;
  };

  /// Who goes first when there is no room.
  struct Rank {
    model::ProjectId project;
    bool busy = false;
    std::uint64_t last_event = 0;
  };
  using Ranks = std::map<int, Rank>;

  void say(const Step& step);
  void read(const Step& step);
  void absence(const Step& step);
  void synced(const Step& step);
  void deliver(const Said& said);
  void apply(const Said& said, const model::Stamp& stamp);
  std::optional<model::Stamp> stamp_of(const Said& said);
  void toggle_project(int project);
  void expire(const Step& step);
  void removed_in_order(const std::vector<model::WorkspaceId>& ids);
  void bury(std::deque<int>& graves, int workspace);
  [[nodiscard]] Ranks rank() const;
  void note_evictions(const Ranks& ranks, int project);
  void end_commit();
  void check(bool gone = false);
  static SourceId source_id(int source) { return static_cast<SourceId>(source); }
  [[nodiscard]] static std::string life(int source, int number);

  Limits limits_;
  Store store_;
  sim::Oracle oracle_;
  StoreChecks checks_;
  std::array<Speaker, sim::kSources> speakers_;
  std::vector<Said> said_;  // everything ever said, for repeats
  std::vector<Said> late_;  // not delivered yet
  std::uint64_t arrivals_ = 0;
  std::uint64_t own_counter_ = 0;
  std::optional<model::Stamp> fence_;
  std::set<int> read_;                    // by that fence
  std::deque<int> tombstones_, markers_;  // oldest first, as the store should hold them
  std::map<int, MonoTime> gone_at_;
  std::vector<int> forgotten_;  // tombstones and markers dropped since the last expiry
  std::map<int, std::uint64_t> last_event_;
  std::uint64_t events_ = 0;
  std::uint64_t evictions_ = 0;
  int joined_ = 0;  // commands left in the open commit
  bool in_commit_ = false;
  WallTime wall_{std::chrono::milliseconds(1'700'000'000'000)};
  MonoTime mono_{std::chrono::hours(1)};
};

/// Runs all of it on a fresh store.
void run_steps(const std::vector<Step>& steps, const Limits& limits);
/// So little room that entries, tombstones and markers have to go.
[[nodiscard]] Limits narrow_limits();

}  // namespace sb::snapshot
