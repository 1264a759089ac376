#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sb/git_cli/worktree_changes.h"
#include "sb/workspace/workspace_commands.h"
#include "sb/workspace/workspace_service.h"

#include "place.h"
#include "supervised_task.h"

namespace sb::workspace {

struct WorkspaceCommands::Impl : std::enable_shared_from_this<WorkspaceCommands::Impl> {
  Impl(Deps given, WorkspacePorts given_ports, CommandOptions given_options)
      : deps(std::move(given)),
        ports(std::move(given_ports)),
        options(std::move(given_options)),
        questions(deps.processes, options.ask_timeout) {}

  /// One workspace on its way from NEW or FAILED to READY or FAILED.
  struct Job {
    model::WorkspaceId id;
    model::WorkspaceStatus from = model::WorkspaceStatus::NEW;
    std::string mark;
    Making making;
    RowDone begun;  ///< of a retry
    std::shared_ptr<SupervisedTask> task;
    bool script = false;                   ///< the task is the set-up script
    std::optional<std::string> cancelled;  ///< why
    std::vector<std::function<void()>> ended;
  };
  using JobPtr = std::shared_ptr<Job>;

  /// One workspace on its way out.
  struct Leaving {
    Found found;
    ArchiveOrder order;
    std::optional<git_cli::AtRisk> risk;
    std::shared_ptr<SupervisedTask> task;
    std::function<void(Result<void>)> done;
  };
  using LeavingPtr = std::shared_ptr<Leaving>;

  /// Runs `work` on a worker and `then` with its result on the loop.
  template <class T>
  void on_worker(std::function<Result<T>()> work, std::function<void(Result<T>)> then) {
    deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), work = std::move(work),
                         then = std::move(then)] {
      auto result = std::make_shared<Result<T>>(work());
      loop.post([owner, result, then] {
        const auto self = owner.lock();
        if (self && !self->stopped) then(std::move(*result));
      });
    });
  }
  /// A callback of WorkspaceService that is nothing once this is gone or stopped.
  template <class T>
  std::function<void(Result<T>)> live(std::function<void(Result<T>)> then) {
    return [owner = weak_from_this(), then = std::move(then)](Result<T> result) {
      const auto self = owner.lock();
      if (self && !self->stopped) then(std::move(result));
    };
  }
  std::shared_ptr<SupervisedTask> run(const ProcessSpec& command, const std::string& mark,
                                      std::function<void(SupervisedTask::End)> done);
  std::string fresh_mark();

  // creating.cc
  void take_wish();
  void choose(const Wish& wish, Survey survey, const RowDone& done);

  // making_jobs.cc
  void enqueue(JobPtr job);
  void pump();
  void begin_job(const JobPtr& job);
  void make_worktree(const JobPtr& job);
  void worktree_made(const JobPtr& job);
  void set_up(const JobPtr& job);
  void run_script(const JobPtr& job, std::vector<std::string> command);
  void end_job(const JobPtr& job, std::optional<std::string> error);
  void finish(const JobPtr& job);
  bool ended_early(const JobPtr& job);
  void cancel(const JobPtr& job, std::string why);

  // leaving.cc
  void resume(const model::WorkspaceId& id, const ArchiveOrder& order);
  void leave(const LeavingPtr& leaving);
  void check(const LeavingPtr& leaving);
  void hide(const LeavingPtr& leaving);
  void halt(const LeavingPtr& leaving);
  void look_for_remains(const LeavingPtr& leaving);
  void release(const LeavingPtr& leaving);
  void remove_worktree(const LeavingPtr& leaving);
  void look_at_branch(const LeavingPtr& leaving);
  void delete_branch(const LeavingPtr& leaving);
  void settle(const LeavingPtr& leaving);
  void roll_back(const LeavingPtr& leaving, const Error& why);
  void answer(const LeavingPtr& leaving, Result<void> result);

  Deps deps;
  WorkspacePorts ports;
  CommandOptions options;
  git_cli::RepositoryQuestions questions;
  std::deque<std::pair<Wish, RowDone>> wishes;  // placed one at a time
  bool placing = false;
  std::deque<JobPtr> waiting;
  std::map<model::WorkspaceId, JobPtr> jobs;  // waiting ones too
  std::size_t running = 0;
  std::map<model::WorkspaceId, LeavingPtr> leavings;
  bool stopped = false;
};

}  // namespace sb::workspace
