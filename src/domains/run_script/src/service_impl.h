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
#include "sb/run_script/run_script_service.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "tables.h"

namespace sb::run_script {

/// One run of this life of the server, from its STARTING row on. Stays after its end for its
/// output.
struct Run {
  model::WorkspaceId workspace;
  std::string mark;
  std::string program;  // first word of the command
  MonoTime began{};
  std::shared_ptr<process::SupervisedRun> supervised;  // once its supervisor was started
  std::shared_ptr<process::OutputReaders> readers;
  std::optional<ProcessIdentity> process;  // once the command runs
  std::optional<EndOfRun> end;             // once nothing of it is left
  std::optional<Error> start_error;        // why it could not be started
  bool stopping = false;
  bool released = false;  // the workspace goes: nothing is told any more
  bool settled = false;   // its end is committed
  std::optional<std::int64_t> port;
  Loop::TimerId port_timer = 0;
  std::vector<RunScriptService::Done> start_waiters;
  std::vector<RunScriptService::Done> stop_waiters;
  std::vector<std::function<void()>> release_waiters;
};

struct RunScriptService::Impl : std::enable_shared_from_this<RunScriptService::Impl> {
  Impl(Deps given, RunScriptOptions chosen) : deps(std::move(given)), options(chosen) {}

  template <class T>
  void write(std::function<Result<T>(sqlite::Database&)> job, std::function<void(Result<T>)> then) {
    sqlite::submit<T>(deps.loop, deps.writer, weak_from_this(), std::move(job), std::move(then));
  }
  using Step = std::function<Result<std::optional<RunScriptRow>>(sqlite::Database&)>;
  using AfterStep = std::function<void(const Result<std::optional<RunScriptRow>>&)>;
  /// Writes one step, tells it if it won, then calls `then`.
  void step(const std::shared_ptr<Run>& run, Step job, AfterStep then);

  template <class T>
  void refuse(Error error, std::function<void(Result<T>)> done) {
    deps.loop.post(
        [owner = weak_from_this(), error = std::move(error), done = std::move(done)]() mutable {
          if (const auto alive = owner.lock()) done(std::move(error));
        });
  }
  void emit(const RunScriptRow& row) {
    for (const auto& listener : listeners) listener(RunScriptChanged{row});
  }
  std::uint64_t next_stamp() { return deps.counter.next().sequence; }
  /// The run of a workspace whose end is not committed yet.
  [[nodiscard]] std::shared_ptr<Run> live(const model::WorkspaceId& id) const {
    const auto found = runs.find(id);
    return found == runs.end() || found->second->settled ? nullptr : found->second;
  }

  // run_script_service.cc
  void put_start(const model::WorkspaceId& id, const std::string& worktree,
                 std::vector<std::string> command, Done done);
  void delete_and_answer(const model::WorkspaceId& id, std::vector<std::function<void()>> waiters);
  void repair(const Contents& contents);

  // runs.cc
  void spawn(const std::shared_ptr<Run>& run, const RunScriptRow& row, const std::string& worktree);
  process::SupervisedListener listener_of(const std::shared_ptr<Run>& run);
  void begun_run(const std::shared_ptr<Run>& run,
                 std::shared_ptr<process::SupervisedRun> supervised);
  void not_begun(const std::shared_ptr<Run>& run, const Error& error);
  void ended(const std::shared_ptr<Run>& run, const process::SupervisedEnd& end);
  void stop_run(const std::shared_ptr<Run>& run);
  /// Brings the row to where the run is: again after a failed write, and nothing when it is there.
  void settle(const std::shared_ptr<Run>& run);
  void settle_running(const std::shared_ptr<Run>& run);
  void settled(const std::shared_ptr<Run>& run, const std::optional<RunScriptRow>& row);
  void sweep(const std::string& mark, const std::optional<ProcessIdentity>& first,
             std::function<void()> then);
  void schedule_port(const std::shared_ptr<Run>& run);
  void look_at_ports(const std::shared_ptr<Run>& run);
  void found_port(const std::shared_ptr<Run>& run, const std::optional<std::int64_t>& port);

  Deps deps;
  RunScriptOptions options;
  bool stopped = false;
  std::vector<std::function<void(const RunScriptChanged&)>> listeners;
  std::unordered_map<model::WorkspaceId, std::shared_ptr<Run>> runs;
  /// Rows of an earlier life with a mark, and who waits until nothing of it is left.
  std::map<model::WorkspaceId, std::pair<RunScriptRow, std::vector<std::function<void()>>>>
      leftovers;
};

}  // namespace sb::run_script
