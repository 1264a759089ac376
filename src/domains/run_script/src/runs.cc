#include <csignal>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "sb/process/ports.h"
#include "sb/process/process_table.h"

#include "service_impl.h"

namespace sb::run_script {
namespace {

constexpr int kSignalExitBase = 128;
constexpr std::chrono::milliseconds kSweepGrace{2'000};  // for what a killed supervisor left

EndOfRun to_end(const process::SupervisedEnd& end, const std::string& program, WallTime now) {
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
      return {std::nullopt,
              fmt::format("cannot run {}: {}", program, std::generic_category().message(end.code)),
              now};
    case Kind::lost:
      break;
  }
  return {std::nullopt, "Its supervisor was killed.", now};
}

}  // namespace

void RunScriptService::Impl::step(const std::shared_ptr<Run>& run, Step job, AfterStep then) {
  write<std::optional<RunScriptRow>>(
      std::move(job),
      [this, run, then = std::move(then)](const Result<std::optional<RunScriptRow>>& row) {
        if (stopped) return;
        if (!row) {
          deps.log.error("run script not written", {kv("reason", row.error().message)});
        } else if (*row && !(run && run->released)) {
          emit(**row);
        }
        then(row);
      });
}

void RunScriptService::Impl::spawn(const std::shared_ptr<Run>& run, const RunScriptRow& row,
                                   const std::string& worktree) {
  process::SupervisedSpec spec;
  spec.mark = run->mark;
  spec.argv = row.command;
  spec.cwd = worktree;
  spec.set_env = {{"SNAPBOARD_WORKSPACE", run->workspace.str()}};
  spec.output_bytes_max = options.output_bytes_max;
  spec.grace = options.grace;
  spec.file_mask = options.file_mask;
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
process::SupervisedListener RunScriptService::Impl::listener_of(const std::shared_ptr<Run>& run) {
  process::SupervisedListener listener;
  const std::weak_ptr<Run> weak = run;  // the run holds its listener
  const auto on_loop = [&loop = deps.loop, owner = weak_from_this(), weak](const auto& task) {
    loop.post([owner, weak, task] {
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
      held->process = process;
      self.settle(held);
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

void RunScriptService::Impl::begun_run(const std::shared_ptr<Run>& run,
                                       std::shared_ptr<process::SupervisedRun> supervised) {
  run->supervised = std::move(supervised);
  if (run->stopping) run->supervised->stop();
  run->readers->begun(run->supervised);
}

void RunScriptService::Impl::not_begun(const std::shared_ptr<Run>& run, const Error& error) {
  if (stopped) return;
  run->start_error = error;
  run->end = EndOfRun{std::nullopt, error.message, deps.clock.wall_now()};
  settle(run);
}

void RunScriptService::Impl::ended(const std::shared_ptr<Run>& run,
                                   const process::SupervisedEnd& end) {
  using Kind = process::SupervisedEnd::Kind;
  EndOfRun how = to_end(end, run->program, deps.clock.wall_now());
  if (end.kind == Kind::not_started) {
    run->start_error = Error{ErrorCode::invalid_argument, *how.error, {}};
  }
  if (end.kind != Kind::lost) {
    run->end = std::move(how);
    return settle(run);
  }
  sweep(run->mark, run->process, [this, run, how = std::move(how)] {
    run->end = how;
    settle(run);
  });
}

void RunScriptService::Impl::stop_run(const std::shared_ptr<Run>& run) {
  if (std::exchange(run->stopping, true)) return;
  step(
      run,
      [id = run->workspace, mark = run->mark, stamp = next_stamp()](auto& database) {
        return put_stopping(database, id, mark, stamp);
      },
      [](const auto&) {});
  // Its end is queued behind the write above, however fast it comes.
  if (run->supervised) run->supervised->stop();
}

void RunScriptService::Impl::settle(const std::shared_ptr<Run>& run) {
  if (!run->end) {
    if (run->process) settle_running(run);
    return;
  }
  run->readers->end();
  deps.loop.cancel(std::exchange(run->port_timer, 0));
  step(
      run,
      [id = run->workspace, mark = run->mark, end = *run->end,
       stamp = next_stamp()](auto& database) { return put_ended(database, id, mark, end, stamp); },
      [this, run](const auto& row) {
        if (row && !run->settled) settled(run, *row);
      });
}

void RunScriptService::Impl::settle_running(const std::shared_ptr<Run>& run) {
  step(
      run,
      [id = run->workspace, mark = run->mark, process = *run->process, stamp = next_stamp()](
          auto& database) { return put_running(database, id, mark, process, stamp); },
      [this, run](const auto& row) {
        if (!row || !*row) return;
        for (auto& waiter : std::exchange(run->start_waiters, {})) waiter(**row);
        schedule_port(run);
      });
}

void RunScriptService::Impl::settled(const std::shared_ptr<Run>& run,
                                     const std::optional<RunScriptRow>& row) {
  run->settled = true;
  run->readers->came();
  const Result<RunScriptRow> answer =
      row ? Result<RunScriptRow>(*row)
          : fail(ErrorCode::conflict, "the row of this run was changed by somebody else");
  for (auto& waiter : std::exchange(run->start_waiters, {})) {
    waiter(run->start_error ? Result<RunScriptRow>(tl::unexpect, *run->start_error) : answer);
  }
  for (auto& waiter : std::exchange(run->stop_waiters, {})) waiter(answer);
  if (run->released) {
    if (const auto held = runs.find(run->workspace); held != runs.end() && held->second == run) {
      runs.erase(held);
    }
    delete_and_answer(run->workspace, std::exchange(run->release_waiters, {}));
  }
}

void RunScriptService::Impl::sweep(const std::string& mark,
                                   const std::optional<ProcessIdentity>& first,
                                   std::function<void()> then) {
  deps.workers.submit(
      [&loop = deps.loop, owner = weak_from_this(), mark, first, then = std::move(then)] {
        const auto known = first && first->known() ? first : std::nullopt;
        const std::size_t count = process::end_marked(mark, known, kSweepGrace);
        loop.post([owner, then, count] {
          const auto self = owner.lock();
          if (!self || self->stopped) return;
          if (count != 0)
            self->deps.log.info("processes of a lost run ended", {kv("count", count)});
          then();
        });
      });
}

// There is no event for "it listens now", so we look: often while a run is young and has none.
void RunScriptService::Impl::schedule_port(const std::shared_ptr<Run>& run) {
  const bool young = !run->port && deps.clock.mono_now() - run->began < options.port_young;
  deps.loop.cancel(run->port_timer);
  run->port_timer = deps.loop.after(young ? options.port_poll_young : options.port_poll,
                                    [owner = weak_from_this(), run] {
                                      const auto self = owner.lock();
                                      if (!self) return;
                                      run->port_timer = 0;
                                      self->look_at_ports(run);
                                    });
}

void RunScriptService::Impl::look_at_ports(const std::shared_ptr<Run>& run) {
  if (run->end || run->stopping || !run->supervised) return;
  deps.workers.submit(
      [&loop = deps.loop, owner = weak_from_this(), run, root = run->supervised->supervisor()] {
        std::optional<std::int64_t> port;
        if (const auto ports = process::listening_ports(root); !ports.empty()) {
          port = ports.front().port;
        }
        loop.post([owner, run, port] {
          if (const auto self = owner.lock()) self->found_port(run, port);
        });
      });
}

void RunScriptService::Impl::found_port(const std::shared_ptr<Run>& run,
                                        const std::optional<std::int64_t>& port) {
  if (stopped || run->end || run->stopping) return;
  if (port == run->port) return schedule_port(run);
  step(
      run,
      [id = run->workspace, mark = run->mark, port, stamp = next_stamp()](auto& database) {
        return put_port(database, id, mark, port, stamp);
      },
      [this, run, port](const auto& row) {
        if (row) run->port = port;  // after a failed write the next look tries again
        if (!run->end && !run->stopping) schedule_port(run);
      });
}

}  // namespace sb::run_script
