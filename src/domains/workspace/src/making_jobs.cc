#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/git_cli/repository.h"

#include "adoption.h"
#include "commands_impl.h"
#include "readable.h"

// From NEW or FAILED to READY or FAILED: the worktree, then the set-up script.

namespace sb::workspace {
namespace {

constexpr std::size_t kGitOutputBytesMax = 64U << 10U;

/// What has to be done to get to the worktree.
struct Preparation {
  bool complete = false;   ///< it is there already
  bool half_made = false;  ///< an attempt was cut off: it has to go first
  git_cli::NewWorktree worktree;
};

Result<Preparation> prepare(const git_cli::RepositoryQuestions& questions, const Making& making) {
  Preparation prepared;
  prepared.worktree = {making.row.worktree_path, making.branch, making.commit, false};
  const auto found = enumerate(making.project);
  if (found.failure) return *found.failure;
  for (const auto& record : found.records) {
    if (record.path != making.row.worktree_path) continue;
    prepared.half_made = record.missing || git_cli::is_half_made(record.git_dir);
    prepared.complete = !prepared.half_made;
    return prepared;
  }
  struct stat info{};
  if (::lstat(making.row.worktree_path.c_str(), &info) == 0) {
    return fail(ErrorCode::conflict, fmt::format("{} exists and is no worktree of ours",
                                                 to_valid_utf8(making.row.worktree_path)));
  }
  const std::string& place = making.project.common_dir;
  SB_TRY(prepared.worktree.branch_made, questions.has_branch(place, making.branch));
  if (prepared.worktree.branch_made) {
    SB_TRY(const auto commit, questions.commit_of(place, "refs/heads/" + making.branch));
    if (commit != making.commit) {
      return fail(ErrorCode::conflict,
                  fmt::format("there is a branch \"{}\" already", making.branch));
    }
  }
  return prepared;
}

}  // namespace

void WorkspaceCommands::retry(const model::WorkspaceId& id, RowDone done) {
  if (impl_->stopped) return done(fail(ErrorCode::unavailable, "the server is stopping"));
  if (impl_->jobs.contains(id)) {
    return done(fail(ErrorCode::conflict, "the workspace is being set up"));
  }
  auto job = std::make_shared<Impl::Job>();
  job->id = id;
  job->from = model::WorkspaceStatus::FAILED;
  job->begun = std::move(done);
  impl_->jobs.emplace(id, job);
  ++impl_->running;  // somebody waits for its answer: not behind the others
  impl_->begin_job(job);
}

void WorkspaceCommands::Impl::enqueue(JobPtr job) {
  jobs.emplace(job->id, job);
  waiting.push_back(std::move(job));
  pump();
}

void WorkspaceCommands::Impl::pump() {
  while (running < options.makings_max && !waiting.empty()) {
    const JobPtr job = std::move(waiting.front());
    waiting.pop_front();
    ++running;
    begin_job(job);
  }
}

void WorkspaceCommands::Impl::begin_job(const JobPtr& job) {
  job->mark = fresh_mark();
  deps.workspaces.begin_making(job->id, job->from, job->mark,
                               live<Making>([this, job](Result<Making> making) {
                                 if (!making) {
                                   if (job->begun) job->begun(std::move(making).error());
                                   return finish(job);
                                 }
                                 job->making = *std::move(making);
                                 if (job->begun) job->begun(job->making.row);
                                 if (!ended_early(job)) make_worktree(job);
                               }));
}

/// True when the job was cancelled meanwhile, and is brought to its end.
bool WorkspaceCommands::Impl::ended_early(const JobPtr& job) {
  if (!job->cancelled) return false;
  end_job(job, fmt::format("The set-up did not end: {}.", *job->cancelled));
  return true;
}

void WorkspaceCommands::Impl::make_worktree(const JobPtr& job) {
  if (job->making.worktree_made) return worktree_made(job);
  on_worker<Preparation>(
      [questions = questions, making = job->making] { return prepare(questions, making); },
      [this, job](Result<Preparation> prepared) {
        if (ended_early(job)) return;
        if (!prepared) {
          return end_job(job, "The worktree was not made: " + prepared.error().message + ".");
        }
        if (prepared->complete) return worktree_made(job);
        const std::string& place = job->making.project.common_dir;
        auto command = prepared->half_made
                           ? git_cli::remove_worktree(place, job->making.row.worktree_path, true)
                           : git_cli::add_worktree(place, prepared->worktree);
        command.timeout = options.git_timeout;
        command.output_bytes_max = kGitOutputBytesMax;
        job->task = run(command, job->mark,
                        [this, job, again = prepared->half_made](SupervisedTask::End failed) {
                          const std::string said = job->task->tail(kGitOutputBytesMax);
                          job->task.reset();
                          if (ended_early(job)) return;
                          if (!failed) return again ? make_worktree(job) : worktree_made(job);
                          end_job(job, fmt::format("git did not make the worktree, {}: {}", *failed,
                                                   git_cli::failure_reason(said)));
                        });
      });
}

/// The row is bound to the worktree before anything runs in it.
void WorkspaceCommands::Impl::worktree_made(const JobPtr& job) {
  using Adoption = WorkspaceService::Adoption;
  deps.workspaces.adopt(
      job->making.project.id, live<Adoption>([this, job](const Result<Adoption>& adopted) {
        if (!adopted) return end_job(job, "The worktree was not read: " + adopted.error().message);
        deps.workspaces.find(job->id, live<Found>([this, job](Result<Found> found) {
                               if (!found) return finish(job);
                               job->making.row = std::move(found->row);
                               job->making.worktree_made = !job->making.row.git_dir.empty();
                               if (ended_early(job)) return;
                               if (!job->making.worktree_made) {
                                 return end_job(job,
                                                "The worktree was made, but git does not list it.");
                               }
                               deps.workspaces.note_worktree_made(
                                   job->id, live<void>([this, job](const Result<void>& noted) {
                                     if (ended_early(job)) return;
                                     if (!noted) return end_job(job, noted.error().message);
                                     set_up(job);
                                   }));
                             }));
      }));
}

void WorkspaceCommands::Impl::set_up(const JobPtr& job) {
  using Command = std::vector<std::string>;
  on_worker<Command>(
      [ask = ports.setup_command, path = job->making.row.worktree_path] { return ask(path); },
      [this, job](Result<Command> command) {
        if (ended_early(job)) return;
        if (command) return run_script(job, *std::move(command));
        if (command.error().code != ErrorCode::not_found) {
          return end_job(job, "The set-up script is not known: " + command.error().message + ".");
        }
        if (options.setup_script.empty()) return end_job(job, std::nullopt);
        run_script(job, {"/bin/sh", "-c", options.setup_script});
      });
}

void WorkspaceCommands::Impl::run_script(const JobPtr& job, std::vector<std::string> command) {
  ProcessSpec spec;
  spec.argv = std::move(command);
  spec.cwd = job->making.row.worktree_path;
  spec.set_env = {{"SNAPBOARD_WORKSPACE", job->id.str()}};
  spec.timeout = options.setup_timeout;
  spec.output_bytes_max = options.live_output_bytes_max;
  job->script = true;
  job->task = run(spec, job->mark, [this, job](const SupervisedTask::End& failed) {
    if (!failed) return end_job(job, std::nullopt);
    const std::string said = readable_tail(job->task->tail(kReasonTailBytesMax));
    end_job(job, fmt::format("The set-up script failed: {}.{}{}", *failed, said.empty() ? "" : "\n",
                             said));
  });
}

void WorkspaceCommands::Impl::end_job(const JobPtr& job, std::optional<std::string> error) {
  MakingEnd end;
  end.error = std::move(error);
  end.worktree_made = job->making.worktree_made;
  if (job->script) {
    end.output = job->task->tail(options.stored_output_bytes_max);
    end.output_end = job->task->output(0, 0).total;
  }
  on_worker<MakingEnd>(
      [end = std::move(end), git_dir = job->making.row.git_dir,
       common_dir = job->making.project.common_dir]() mutable -> Result<MakingEnd> {
        if (git_dir.empty()) return std::move(end);
        if (auto head = git_cli::read_head(git_dir, common_dir); head && head->branch) {
          end.branch = to_valid_utf8(*head->branch);
        }
        return std::move(end);
      },
      [this, job](Result<MakingEnd> read) {
        if (read->error) {
          deps.log.warn("workspace not set up",
                        {kv("workspace", job->id.view()), kv("reason", *read->error)});
        }
        deps.workspaces.end_making(job->id, *std::move(read),
                                   live<WorkspaceRow>([this, job](const Result<WorkspaceRow>& row) {
                                     if (!row && row.error().code != ErrorCode::not_found) {
                                       deps.log.error("end of a set-up not written",
                                                      {kv("workspace", job->id.view()),
                                                       kv("reason", row.error().message)});
                                     }
                                     finish(job);
                                   }));
      });
}

void WorkspaceCommands::Impl::finish(const JobPtr& job) {
  if (const auto held = jobs.find(job->id); held != jobs.end() && held->second == job) {
    jobs.erase(held);
  }
  --running;
  for (const auto& ended : std::exchange(job->ended, {})) ended();
  pump();
}

void WorkspaceCommands::Impl::cancel(const JobPtr& job, std::string why) {
  if (job->cancelled) return;
  job->cancelled = std::move(why);
  if (const auto held = std::find(waiting.begin(), waiting.end(), job); held != waiting.end()) {
    waiting.erase(held);
    ++running;  // which `finish` takes back
    return finish(job);
  }
  if (job->task) job->task->stop(*job->cancelled);
}

}  // namespace sb::workspace
