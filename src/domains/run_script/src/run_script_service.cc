#include "sb/run_script/run_script_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/utf8.h"
#include "sb/process/process_watch.h"
#include "sb/run_script/command_file.h"

#include "service_impl.h"

namespace sb::run_script {
namespace {

constexpr std::size_t kMarkBytes = 16;

Result<void> check_command(const std::vector<std::string>& command) {
  std::size_t bytes = 0;
  for (const auto& word : command) {
    bytes += word.size() + 1;
    if (!is_valid_utf8(word) || word.find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid_argument, "the command is no text");
    }
  }
  if (command.empty() || command.front().empty()) {
    return fail(ErrorCode::invalid_argument, "the command is empty");
  }
  if (command.size() > RunScriptService::kCommandWordsMax ||
      bytes > RunScriptService::kCommandBytesMax) {
    return fail(ErrorCode::invalid_argument, "the command is too long");
  }
  return {};
}

bool is_live(model::RunScriptStatus status) {
  using enum model::RunScriptStatus;
  return status == STARTING || status == RUNNING || status == STOPPING;
}

/// The compare-and-set of a start, with the reason when it lost.
Result<RunScriptRow> begin_run(sqlite::Database& database, const RunScriptRow& fresh) {
  SB_TRY(auto row, put_starting(database, fresh));
  if (row) return *std::move(row);
  SB_TRY(const auto held, find_row(database, fresh.workspace));
  if (held && is_live(held->status)) {
    return fail(ErrorCode::conflict, fmt::format("the run script is {}", enum_text(held->status)));
  }
  return fail(ErrorCode::conflict, "the last run is still being ended");
}

}  // namespace

void RunScriptService::Impl::put_start(const model::WorkspaceId& id, const std::string& worktree,
                                       std::vector<std::string> command, Done done) {
  RunScriptRow fresh;
  fresh.workspace = id;
  fresh.status = model::RunScriptStatus::STARTING;
  fresh.command = std::move(command);
  fresh.mark = random_hex(deps.random, kMarkBytes);
  fresh.started_at = deps.clock.wall_now();
  fresh.stamp = next_stamp();
  write<RunScriptRow>([fresh](sqlite::Database& database) { return begin_run(database, fresh); },
                      [this, worktree, done = std::move(done)](Result<RunScriptRow> row) {
                        if (!row) return done(std::move(row));
                        if (stopped) return done(fail(ErrorCode::unavailable, "the server stops"));
                        auto run = std::make_shared<Run>();
                        run->workspace = row->workspace;
                        run->mark = *row->mark;
                        run->program = row->command.front();
                        run->began = deps.clock.mono_now();
                        run->start_waiters.push_back(done);
                        run->readers = std::make_shared<process::OutputReaders>(deps.loop);
                        auto& place = runs[row->workspace];
                        // Who waits for the old output hears that it is over.
                        if (place) place->readers->came();
                        place = run;
                        emit(*row);
                        spawn(run, *row, worktree);
                      });
}

void RunScriptService::Impl::delete_and_answer(const model::WorkspaceId& id,
                                               std::vector<std::function<void()>> waiters) {
  write<bool>(
      [id](sqlite::Database& database) -> Result<bool> {
        SB_TRY_VOID(delete_row(database, id));
        return true;
      },
      [this, id, waiters = std::move(waiters)](const Result<bool>& deleted) {
        if (!deleted) {
          deps.log.error("run script row not deleted",
                         {kv("workspace", id.view()), kv("reason", deleted.error().message)});
        }
        for (const auto& waiter : waiters) waiter();
      });
}

/// Rows that say something runs which does not: an end was missed, or the row was changed by
/// others.
void RunScriptService::Impl::repair(const Contents& contents) {
  for (const auto& row : contents.rows) {
    const auto run = live(row.workspace);
    const bool ours = run && row.mark == run->mark;
    if (!is_live(row.status) || ours || leftovers.contains(row.workspace)) continue;
    deps.log.warn("a run script was lost", {kv("workspace", row.workspace.view())});
    sweep(row.mark.value_or(""), row.process, [this, row] {
      EndOfRun end{std::nullopt, "Nothing of it runs any more.", deps.clock.wall_now()};
      step(
          nullptr,
          [id = row.workspace, mark = row.mark, end, stamp = next_stamp()](auto& database) {
            return put_ended(database, id, mark, end, stamp);
          },
          [](const auto&) {});
    });
  }
}

RunScriptService::RunScriptService(Deps deps, RunScriptOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), options)) {}
RunScriptService::~RunScriptService() = default;

void RunScriptService::on_event(std::function<void(const RunScriptChanged&)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

Result<Contents> RunScriptService::load() {
  Contents contents;
  const auto read = [&contents](sqlite::Database& database) -> Result<void> {
    SB_TRY(contents.rows, read_rows(database));
    return {};
  };
  if (auto done = impl_->deps.writer.run(read); !done) return std::move(done).error();
  for (const auto& row : contents.rows) impl_->deps.counter.raise(row.stamp);
  const std::uint64_t stamp = impl_->next_stamp();
  auto reset = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY_VOID(reset_after_crash(database, impl_->deps.clock.wall_now(), stamp));
    return read(database);
  });
  if (!reset) return std::move(reset).error();
  for (const auto& row : contents.rows) {
    if (row.mark) impl_->leftovers[row.workspace].first = row;
  }
  contents.fence = impl_->next_stamp();
  return contents;
}

void RunScriptService::begin() {
  for (const auto& [id, leftover] : impl_->leftovers) {
    const RunScriptRow& row = leftover.first;
    impl_->sweep(*row.mark, row.process, [impl = impl_.get(), id = id, mark = *row.mark] {
      impl->write<bool>(
          [mark](sqlite::Database& database) -> Result<bool> {
            SB_TRY_VOID(clear_mark(database, mark));
            return true;
          },
          [impl, id](const Result<bool>& cleared) {
            if (!cleared) {
              impl->deps.log.error("run script not cleared",
                                   {kv("reason", cleared.error().message)});
            }
            const auto waiters = std::move(impl->leftovers[id].second);
            impl->leftovers.erase(id);
            for (const auto& waiter : waiters) waiter();
          });
    });
  }
}

void RunScriptService::shut_down() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->listeners.clear();
  for (const auto& [id, run] : impl_->runs) {
    impl_->deps.loop.cancel(run->port_timer);
    run->readers->stop();
  }
  impl_->runs.clear();
  impl_->write<bool>(
      [now = impl_->deps.clock.wall_now(), stamp = impl_->next_stamp()](auto& database) {
        const auto reset = reset_at_stop(database, now, stamp);
        return reset ? Result<bool>(true) : Result<bool>(reset.error());
      },
      [](const Result<bool>&) {});
}

void RunScriptService::read(std::function<void(Result<Contents>)> done) {
  for (const auto& [id, run] : impl_->runs) {
    if (!run->settled) impl_->settle(run);
  }
  const std::uint64_t fence = impl_->next_stamp();
  impl_->write<Contents>(
      [fence](sqlite::Database& database) -> Result<Contents> {
        SB_TRY(auto rows, read_rows(database));
        return Contents{std::move(rows), fence};
      },
      [impl = impl_.get(), done = std::move(done)](Result<Contents> contents) {
        if (contents && !impl->stopped) impl->repair(*contents);
        done(std::move(contents));
      });
}

void RunScriptService::start(const model::WorkspaceId& id, std::string worktree,
                             std::optional<std::vector<std::string>> command, Done done) {
  if (command) {
    if (auto sound = check_command(*command); !sound) {
      return impl_->refuse<RunScriptRow>(std::move(sound).error(), std::move(done));
    }
    return impl_->put_start(id, worktree, *std::move(command), std::move(done));
  }
  impl_->deps.workers.submit([&loop = impl_->deps.loop, owner = impl_->weak_from_this(), id,
                              worktree = std::move(worktree), done = std::move(done)] {
    loop.post([owner, id, worktree, done, found = read_command(worktree, Script::run)] {
      const auto self = owner.lock();
      if (!self) return;
      if (!found) return done(found.error());
      self->put_start(id, worktree, *found, done);
    });
  });
}

void RunScriptService::stop(const model::WorkspaceId& id, Done done) {
  if (const auto run = impl_->live(id)) {
    run->stop_waiters.push_back(std::move(done));
    impl_->stop_run(run);
    return;
  }
  impl_->write<RunScriptRow>(
      [id](sqlite::Database& database) -> Result<RunScriptRow> {
        SB_TRY(auto row, find_row(database, id));
        if (!row) return fail(ErrorCode::not_found, "nothing ever ran in this workspace");
        return *std::move(row);
      },
      std::move(done));
}

void RunScriptService::halt(const model::WorkspaceId& id, std::function<void()> done) {
  // A start that is on its way to the disk has become a run when this comes back.
  impl_->write<bool>(
      [](sqlite::Database&) { return Result<bool>(true); },
      [impl = impl_.get(), id, done = std::move(done)](const Result<bool>&) {
        if (const auto run = impl->live(id)) {
          run->stop_waiters.emplace_back([done](const Result<RunScriptRow>&) { done(); });
          return impl->stop_run(run);
        }
        const auto left = impl->leftovers.find(id);
        if (left == impl->leftovers.end()) return done();
        left->second.second.push_back(done);
      });
}

void RunScriptService::release(const model::WorkspaceId& id, std::function<void()> done) {
  if (const auto run = impl_->live(id)) {
    run->released = true;
    run->release_waiters.push_back(std::move(done));
    impl_->stop_run(run);
    return;
  }
  if (const auto run = impl_->runs.extract(id)) run.mapped()->readers->came();
  const auto left = impl_->leftovers.find(id);
  if (left == impl_->leftovers.end()) {
    return impl_->delete_and_answer(id, {std::move(done)});
  }
  left->second.second.emplace_back(
      [impl = impl_.get(), id, done = std::move(done)] { impl->delete_and_answer(id, {done}); });
}

void RunScriptService::output(const model::WorkspaceId& id, std::uint64_t from,
                              std::size_t bytes_max, std::chrono::milliseconds wait,
                              std::function<void(Result<OutputPiece>)> done) {
  const auto found = impl_->runs.find(id);
  if (found == impl_->runs.end()) {
    return impl_->refuse<OutputPiece>(
        {ErrorCode::not_found, "nothing was run here since the server started", {}},
        std::move(done));
  }
  found->second->readers->read(from, bytes_max, wait, std::move(done));
}

std::size_t RunScriptService::running() const {
  return static_cast<std::size_t>(
      std::count_if(impl_->runs.begin(), impl_->runs.end(),
                    [](const auto& item) { return !item.second->settled; }));
}

}  // namespace sb::run_script
