#include "sb/terminal/terminal_service.h"

#include <algorithm>
#include <utility>

#include "sb/core/utf8.h"

#include "service_impl.h"

namespace sb::terminal {
namespace {

using model::TerminalState;

constexpr std::chrono::seconds kActivityStep{10};

WallTime in_steps(WallTime time) {
  return WallTime(std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<10>>>(
      time.time_since_epoch()));
}
static_assert(kActivityStep == std::chrono::duration<std::int64_t, std::ratio<10>>(1));

Result<void> check(const TerminalReport& report) {
  if (report.id.empty() || report.id.size() > model::kIdBytesMax || !is_valid_utf8(report.id)) {
    return fail(ErrorCode::invalid_argument, "a terminal has an id of 1 to 256 bytes", "$.id");
  }
  if (report.title &&
      (report.title->size() > TerminalService::kTitleBytesMax || !is_valid_utf8(*report.title))) {
    return fail(ErrorCode::invalid_argument, "a title is a text of at most 200 bytes", "$.title");
  }
  if (report.state != TerminalState::closed && !process::is_running(report.process)) {
    return fail(ErrorCode::invalid_argument, "no such process runs", "$.process");
  }
  return {};
}

bool says_the_same(const TerminalRow& left, const TerminalRow& right) {
  return left.workspace == right.workspace && left.state == right.state &&
         left.title == right.title && left.last_activity_at == right.last_activity_at &&
         left.process == right.process;
}

}  // namespace

bool TerminalService::Impl::is_known(const TerminalRow& next) {
  const Known* known = find(next.id);
  return known != nullptr && !in_flight.contains(next.id) && says_the_same(known->row, next);
}

void TerminalService::Impl::write_report(TerminalRow next, std::function<void(Result<void>)> done) {
  next.stamp = next_stamp();
  ++in_flight[next.id];
  write<Step>([next](sqlite::Database& database) { return put_report(database, next); },
              [this, id = next.id, done = std::move(done)](const Result<Step>& step) {
                if (--in_flight[id] == 0) in_flight.erase(id);
                if (step) {
                  take(*step);
                  return done({});
                }
                const ErrorCode code = step.error().code;
                if (code == ErrorCode::conflict || code == ErrorCode::limit_exceeded) {
                  return done(step.error());
                }
                deps.log.warn("terminal not written",
                              {kv("terminal", id), kv("reason", step.error().message)});
                done(fail(ErrorCode::unavailable, "the terminal could not be written"));
              });
}

void TerminalService::Impl::take(const Step& step) {
  if (!step.changed || stopped) return;
  const TerminalRow& row = *step.changed;
  if (step.before && step.before->workspace != row.workspace) {
    emit(TerminalRemoved{row.id, step.before->workspace, row.stamp});
  }
  Known& known = terminals[row.id];
  known.row = row;
  emit(TerminalChanged{row});
  for (const TerminalRemoved& dropped : step.dropped) take_removed(dropped);
  if (row.state == TerminalState::closed) {
    unwatch(known);
    remove_later(row.id);
  } else {
    watch(known);
  }
}

void TerminalService::Impl::take_removed(const TerminalRemoved& removed) {
  if (auto known = terminals.extract(removed.id)) unwatch(known.mapped());
  emit(removed);
}

void TerminalService::Impl::close(const std::string& id, const ProcessIdentity& process) {
  if (stopped) return;
  write<Step>(
      [id, process, now = deps.clock.wall_now(), stamp = next_stamp()](sqlite::Database& database) {
        return put_closed(database, id, process, now, stamp);
      },
      [this, id](const Result<Step>& step) {
        if (step) return take(*step);
        // The next pass finds it again.
        deps.log.warn("terminal not closed",
                      {kv("terminal", id), kv("reason", step.error().message)});
      });
}

void TerminalService::Impl::watch(Known& known) {
  if (!started || stopped || known.watched == known.row.process) return;
  unwatch(known);
  const ProcessIdentity process = known.row.process;
  const auto ended = [owner = weak_from_this(), id = known.row.id, process] {
    const auto self = owner.lock();
    if (!self) return;
    if (Known* closed = self->find(id); closed != nullptr && closed->watched == process) {
      closed->watch = 0;
      closed->watched = {};
    }
    self->close(id, process);
  };
  auto watch = deps.processes.watch(process, [ended](std::optional<int>) { ended(); });
  if (watch) {
    known.watch = *watch;
    known.watched = process;
  } else if (watch.error().code == ErrorCode::not_found) {
    deps.loop.post(ended);
  } else {
    deps.log.warn("process not watched",
                  {kv("terminal", known.row.id), kv("reason", watch.error().message)});
  }
}

void TerminalService::Impl::unwatch(Known& known) {
  if (known.watch != 0) deps.processes.remove(std::exchange(known.watch, 0));
  known.watched = {};
}

void TerminalService::Impl::remove_later(const std::string& id) {
  if (!started || stopped) return;
  deps.loop.after(kClosedShown, [owner = weak_from_this(), id] {
    const auto self = owner.lock();
    Known* known = self && !self->stopped ? self->find(id) : nullptr;
    if (known == nullptr || known->row.state != TerminalState::closed) return;
    TerminalRemoved removed{id, known->row.workspace, self->next_stamp()};
    self->write<bool>([id](sqlite::Database& database) { return delete_row(database, id, true); },
                      [impl = self.get(), removed](const Result<bool>& deleted) {
                        if (deleted && *deleted) impl->take_removed(removed);
                      });
  });
}

/// Ends that were missed, and rows that were changed by others.
void TerminalService::Impl::repair(const Contents& contents) {
  for (const TerminalRow& row : contents.rows) {
    Known* held = find(row.id);
    if (held != nullptr && held->row.stamp > row.stamp) continue;  // newer than the read
    Known& known = terminals[row.id];
    known.row = row;
    if (row.state == TerminalState::closed) {
      unwatch(known);
    } else if (process::is_running(row.process)) {
      watch(known);
    } else {
      close(row.id, row.process);
    }
  }
  for (auto item = terminals.begin(); item != terminals.end();) {
    const bool there = item->second.row.stamp > contents.fence ||
                       std::any_of(contents.rows.begin(), contents.rows.end(),
                                   [&](const TerminalRow& row) { return row.id == item->first; });
    if (!there) unwatch(item->second);
    item = there ? std::next(item) : terminals.erase(item);
  }
}

TerminalService::TerminalService(Deps deps) : impl_(std::make_shared<Impl>(std::move(deps))) {}

TerminalService::~TerminalService() {
  stop();
}

void TerminalService::on_event(std::function<void(const Event&)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

void TerminalService::set_locator(const WorkspaceLocator* locator) {
  impl_->locator = locator;
}

Result<Contents> TerminalService::load() {
  Contents contents;
  const auto read = [&contents](sqlite::Database& database) -> Result<void> {
    SB_TRY(contents.rows, read_rows(database));
    return {};
  };
  if (auto done = impl_->deps.writer.run(read); !done) return std::move(done).error();
  for (const auto& row : contents.rows) impl_->deps.counter.raise(row.stamp);
  std::vector<std::pair<TerminalRow, std::uint64_t>> ended;
  for (const auto& row : contents.rows) {
    if (row.state != TerminalState::closed && !process::is_running(row.process)) {
      ended.emplace_back(row, impl_->next_stamp());
    }
  }
  auto closed = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    for (const auto& [row, stamp] : ended) {
      const WallTime now = impl_->deps.clock.wall_now();
      SB_TRY_VOID(put_closed(database, row.id, row.process, now, stamp));
    }
    return read(database);
  });
  if (!closed) return std::move(closed).error();
  for (const auto& row : contents.rows) impl_->terminals[row.id].row = row;
  contents.fence = impl_->next_stamp();
  return contents;
}

void TerminalService::start() {
  if (impl_->started || impl_->stopped) return;
  impl_->started = true;
  for (auto& [id, known] : impl_->terminals) {
    if (known.row.state == TerminalState::closed) {
      impl_->remove_later(id);
    } else {
      impl_->watch(known);
    }
  }
}

void TerminalService::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  for (auto& [id, known] : impl_->terminals) impl_->unwatch(known);
}

void TerminalService::read(std::function<void(Result<Contents>)> done) {
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

void TerminalService::report(TerminalReport report, std::function<void(Result<void>)> done) {
  if (auto sound = check(report); !sound) return done(std::move(sound).error());
  if (impl_->stopped) return done(fail(ErrorCode::unavailable, "the server stops"));
  TerminalRow next;
  next.id = std::move(report.id);
  if (report.state == TerminalState::closed) {
    next.closed_at = impl_->deps.clock.wall_now();  // where it was does not matter any more
  } else {
    const auto workspace = impl_->locator != nullptr ? impl_->locator->at(report.directory)
                                                     : std::optional<model::WorkspaceId>();
    if (!workspace) {
      return done(fail(ErrorCode::not_found, "no workspace holds this folder", "$.directory"));
    }
    next.workspace = *workspace;
  }
  next.state = report.state;
  next.title = std::move(report.title);
  next.last_activity_at = in_steps(std::min(report.last_activity_at, impl_->deps.clock.wall_now()));
  next.process = std::move(report.process);
  next.opened_at = impl_->deps.clock.wall_now();
  if (impl_->is_known(next)) return done({});
  impl_->write_report(std::move(next), std::move(done));
}

void TerminalService::release(const model::WorkspaceId& workspace, std::function<void()> done) {
  using Rows = std::vector<TerminalRow>;
  impl_->write<Rows>(
      [workspace](sqlite::Database& database) { return delete_rows_of(database, workspace); },
      [impl = impl_.get(), workspace, stamp = impl_->next_stamp(),
       done = std::move(done)](const Result<Rows>& gone) {
        if (!gone) {
          impl->deps.log.error("terminals not removed", {kv("workspace", workspace.view()),
                                                         kv("reason", gone.error().message)});
        } else {
          for (const TerminalRow& row : *gone) {
            impl->take_removed({row.id, row.workspace, stamp});
          }
        }
        done();
      });
}

void TerminalService::forget(const std::string& id, std::function<void(Result<void>)> done) {
  const Known* known = impl_->find(id);
  if (known == nullptr) return done({});
  impl_->write<bool>([id](sqlite::Database& database) { return delete_row(database, id, false); },
                     [impl = impl_.get(), done = std::move(done),
                      removed = TerminalRemoved{id, known->row.workspace, impl_->next_stamp()}](
                         const Result<bool>& deleted) {
                       if (!deleted)
                         return done(fail(ErrorCode::unavailable, "the terminal was not removed"));
                       if (*deleted) impl->take_removed(removed);
                       done({});
                     });
}

std::size_t TerminalService::open() const {
  return static_cast<std::size_t>(std::count_if(
      impl_->terminals.begin(), impl_->terminals.end(),
      [](const auto& item) { return item.second.row.state != TerminalState::closed; }));
}

}  // namespace sb::terminal
