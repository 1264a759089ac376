#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sb/process/output_readers.h"
#include "sb/process/supervision.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "tables.h"

namespace sb::ratchet {

/// One fixer of this life of the server, from its committed dispatch until its end is committed.
struct Run {
  Fixer fixer;
  std::shared_ptr<process::SupervisedRun> supervised;  // once its supervisor was started
  std::shared_ptr<process::OutputReaders> readers;
  std::optional<EndOfFixer> end;  // once nothing of it is left
  Loop::TimerId timer = 0;        // of its maximum time
  bool stopping = false;
  bool timed_out = false;
  bool halted = false;     // the workspace may go: its end says nothing about the pull request
  bool released = false;   // the workspace goes: nothing is told any more
  bool announced = false;  // as a session
  std::vector<std::function<void()>> halt_waiters;
  std::vector<std::function<void()>> release_waiters;
};

/// What is known of one workspace.
struct Watched {
  RatchetRow row;  // as last committed; off while there is none
  std::optional<PullRequest> pull;
  std::shared_ptr<Run> run;
  std::shared_ptr<process::OutputReaders> readers;  // of the last fixer of this life
  std::optional<MonoTime> ended;                    // the last fixer of this life
  bool rested = true;                               // a pass came since a fixer died
  bool writing = false;                             // a decision is on its way into the table
  bool dispatching = false;                         // that decision starts a fixer
  bool looking = false;                             // its pull request is asked for
};

struct RatchetService::Impl : std::enable_shared_from_this<RatchetService::Impl> {
  Impl(Deps given, RatchetOptions chosen) : deps(std::move(given)), options(std::move(chosen)) {}

  template <class T>
  void write(std::function<Result<T>(sqlite::Database&)> job, std::function<void(Result<T>)> then) {
    sqlite::submit<T>(deps.loop, deps.writer, weak_from_this(), std::move(job), std::move(then));
  }
  using MaybeRow = std::optional<RatchetRow>;
  using Step = std::function<Result<MaybeRow>(sqlite::Database&)>;
  std::uint64_t next_stamp() { return deps.counter.next().sequence; }
  [[nodiscard]] Watched* find(const model::WorkspaceId& id) {
    const auto found = watched.find(id);
    return found == watched.end() ? nullptr : &found->second;
  }
  /// Keeps a committed row and tells it.
  void take(Watched& held, const RatchetRow& row, bool toggled);
  [[nodiscard]] std::size_t places_taken() const;

  // ratchet_service.cc
  void delete_and_answer(const model::WorkspaceId& id, std::vector<std::function<void()>> waiters);
  void keep(const Contents& contents);
  void repair(const RatchetRow& row);

  // decisions.cc
  void evaluate(const model::WorkspaceId& id, bool looked_again = false);
  void evaluate_all();
  /// Writes what was decided; `then` gets the row if it won.
  void step(const model::WorkspaceId& id, Step job, std::function<void(const RatchetRow&)> then);
  void dispatch(const model::WorkspaceId& id, Watched& held, std::string worktree);
  void look(const model::WorkspaceId& id, Watched& held);

  // fixers.cc
  void spawn(const std::shared_ptr<Run>& run, const PullRequest& pull);
  process::SupervisedListener listener_of(const std::shared_ptr<Run>& run);
  void begun_run(const std::shared_ptr<Run>& run,
                 std::shared_ptr<process::SupervisedRun> supervised);
  void not_begun(const std::shared_ptr<Run>& run, const Error& error);
  void ended(const std::shared_ptr<Run>& run, const process::SupervisedEnd& end);
  void stop_run(const std::shared_ptr<Run>& run);
  /// Brings the row to where the fixer is: again after a failed write.
  void settle(const std::shared_ptr<Run>& run);
  void settled(const std::shared_ptr<Run>& run, const MaybeRow& row);
  void sweep(const std::string& mark, const std::optional<ProcessIdentity>& first,
             std::function<void()> then);

  Deps deps;
  RatchetOptions options;
  Surroundings* surroundings = nullptr;
  FixerSessions* sessions = nullptr;
  bool begun = false;
  bool stopped = false;
  std::vector<std::function<void(const RatchetChanged&)>> listeners;
  std::unordered_map<model::WorkspaceId, Watched> watched;
  /// Marks of an earlier life, and who waits until nothing of them is left.
  std::map<model::WorkspaceId, std::pair<std::string, std::vector<std::function<void()>>>>
      leftovers;
};

}  // namespace sb::ratchet
