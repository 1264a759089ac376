#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "sb/process/process_table.h"

#include "service_impl.h"

// The fixers themselves: supervised commands, and how they end.

namespace sb::ratchet {
namespace {

constexpr int kSignalExitBase = 128;
constexpr std::chrono::milliseconds kSweepGrace{2'000};  // for what a killed supervisor left

EndOfFixer to_end(const process::SupervisedEnd& end, WallTime now) {
  using Kind = process::SupervisedEnd::Kind;
  switch (end.kind) {
    case Kind::exited:
      return {end.code,
              end.code == 0 ? std::nullopt
                            : std::optional(fmt::format("It ended with exit code {}.", end.code)),
              now};
    case Kind::signalled:
      return {kSignalExitBase + end.code, fmt::format("Signal {} ended it.", end.code), now};
    case Kind::not_started:
      return {
          std::nullopt,
          fmt::format("It could not be started: {}.", std::generic_category().message(end.code)),
          now};
    case Kind::lost:
      break;
  }
  return {std::nullopt, "Its supervisor was killed.", now};
}

std::string with_prompt(std::string word, const std::string& prompt) {
  for (std::size_t at = 0; (at = word.find(kPromptWord, at)) != std::string::npos;) {
    word.replace(at, kPromptWord.size(), prompt);
    at += prompt.size();
  }
  return word;
}

}  // namespace

void RatchetService::Impl::spawn(const std::shared_ptr<Run>& run, const PullRequest& pull) {
  const std::string prompt = prompt_for(pull);
  process::SupervisedSpec spec;
  spec.mark = run->fixer.id;
  for (const auto& word : options.command) spec.argv.push_back(with_prompt(word, prompt));
  spec.cwd = run->fixer.worktree;
  spec.set_env = {{"SNAPBOARD_WORKSPACE", run->fixer.workspace.str()}, {"PROMPT", prompt}};
  spec.output_bytes_max = options.output_bytes_max;
  spec.grace = options.grace;
  spec.file_mask = options.file_mask;
  run->timer = deps.loop.after(options.fixer_time_max, [owner = weak_from_this(), run] {
    const auto self = owner.lock();
    if (!self) return;
    run->timer = 0;
    run->timed_out = true;
    self->stop_run(run);
  });
  deps.workers.submit([&loop = deps.loop, &supervision = deps.supervision, owner = weak_from_this(),
                       run, spec = std::move(spec), listener = listener_of(run)] {
    const auto made = supervision.start(spec, listener);
    if (made) return;
    loop.post([owner, run, error = made.error()] {
      if (const auto self = owner.lock()) self->not_begun(run, error);
    });
  });
}

// Called on the threads of the workers and the supervision: everything goes to the loop first.
process::SupervisedListener RatchetService::Impl::listener_of(const std::shared_ptr<Run>& run) {
  process::SupervisedListener listener;
  const std::weak_ptr<Run> weak = run;  // the run holds its listener
  const auto on_loop = [&loop = deps.loop, owner = weak_from_this(), weak](auto task) {
    loop.post([owner, weak, task = std::move(task)] {
      const auto self = owner.lock();
      const auto held = weak.lock();
      if (self && held && !self->stopped) task(*self, held);
    });
  };
  listener.begun = [on_loop](const std::shared_ptr<process::SupervisedRun>& supervised) {
    on_loop([supervised](Impl& self, const std::shared_ptr<Run>& held) {
      self.begun_run(held, supervised);
    });
  };
  listener.started = [on_loop](const ProcessIdentity& process) {
    on_loop([process](Impl& self, const std::shared_ptr<Run>& held) {
      held->fixer.process = process;
      held->announced = self.sessions != nullptr && !held->end && !held->released;
      if (held->announced) self.sessions->started(held->fixer);
    });
  };
  listener.ended = [on_loop](process::SupervisedEnd end) {
    on_loop([end](Impl& self, const std::shared_ptr<Run>& held) { self.ended(held, end); });
  };
  listener.output = [on_loop] {
    on_loop([](Impl&, const std::shared_ptr<Run>& held) { held->readers->came(); });
  };
  return listener;
}

void RatchetService::Impl::begun_run(const std::shared_ptr<Run>& run,
                                     std::shared_ptr<process::SupervisedRun> supervised) {
  run->supervised = std::move(supervised);
  if (run->stopping) run->supervised->stop();
  run->readers->begun(run->supervised);
}

void RatchetService::Impl::not_begun(const std::shared_ptr<Run>& run, const Error& error) {
  if (stopped) return;
  run->end = EndOfFixer{std::nullopt, error.message, deps.clock.wall_now()};
  settle(run);
}

void RatchetService::Impl::ended(const std::shared_ptr<Run>& run,
                                 const process::SupervisedEnd& end) {
  EndOfFixer how = to_end(end, deps.clock.wall_now());
  if (run->timed_out) how.error = "It took too long.";
  if (end.kind != process::SupervisedEnd::Kind::lost) {
    run->end = std::move(how);
    return settle(run);
  }
  sweep(run->fixer.id, run->fixer.process, [this, run, how = std::move(how)] {
    run->end = how;
    settle(run);
  });
}

void RatchetService::Impl::stop_run(const std::shared_ptr<Run>& run) {
  if (!std::exchange(run->stopping, true) && run->supervised) run->supervised->stop();
}

void RatchetService::Impl::settle(const std::shared_ptr<Run>& run) {
  if (!run->end) return;
  if (run->halted) {
    run->end->error = "It was ended because the workspace was about to be archived.";
    run->end->counts = false;
  }
  deps.loop.cancel(std::exchange(run->timer, 0));
  run->readers->end();
  write<MaybeRow>(
      [id = run->fixer.workspace, mark = run->fixer.id, end = *run->end,
       stamp = next_stamp()](auto& database) { return put_ended(database, id, mark, end, stamp); },
      [this, run](const Result<MaybeRow>& row) {
        if (stopped) return;
        if (row) return settled(run, *row);
        deps.log.error("end of a fixer not written", {kv("reason", row.error().message)});
      });
}

void RatchetService::Impl::settled(const std::shared_ptr<Run>& run, const MaybeRow& row) {
  const model::WorkspaceId id = run->fixer.workspace;
  Watched* held = find(id);
  if (held == nullptr || held->run != run) return;  // settled before
  held->run.reset();
  held->ended = deps.clock.mono_now();
  held->rested = !run->end->error;
  if (run->end->error && !run->stopping) {
    deps.log.warn("fixer died", {kv("workspace", id.view()), kv("reason", *run->end->error)});
  }
  if (row && !run->released) take(*held, *row, false);
  run->readers->came();
  if (run->announced && sessions != nullptr) sessions->ended(run->fixer, run->end->exit_code);
  for (const auto& waiter : std::exchange(run->halt_waiters, {})) waiter();
  if (run->released) delete_and_answer(id, std::exchange(run->release_waiters, {}));
  evaluate_all();  // one place is free
}

void RatchetService::Impl::sweep(const std::string& mark,
                                 const std::optional<ProcessIdentity>& first,
                                 std::function<void()> then) {
  deps.workers.submit(
      [&loop = deps.loop, owner = weak_from_this(), mark, first, then = std::move(then)] {
        const auto known = first && first->known() ? first : std::nullopt;
        const std::size_t count = process::end_marked(mark, known, kSweepGrace);
        loop.post([owner, then, count] {
          const auto self = owner.lock();
          if (!self || self->stopped) return;
          if (count != 0) {
            self->deps.log.info("processes of a lost fixer ended", {kv("count", count)});
          }
          then();
        });
      });
}

}  // namespace sb::ratchet
