#include <algorithm>
#include <utility>

#include "service_impl.h"
#include "tables.h"

// From memory to the tables, and from the commit to those who listen.

namespace sb::session {
namespace {

struct Nothing {};

constexpr std::chrono::seconds kActivityStep{10};  // of `updated_at` while nothing else changes

bool shows_the_same(const SessionRow& left, const SessionRow& right) {
  SessionFacts facts = left.facts;
  facts.order = right.facts.order;  // moves with every hook, and nobody sees it
  return facts == right.facts && left.workspace == right.workspace &&
         left.directory == right.directory && left.name == right.name &&
         left.model == right.model && left.config_directory == right.config_directory;
}

std::vector<std::string> request_ids(const SessionRow& row) {
  std::vector<std::string> ids;
  ids.reserve(row.facts.requests.size());
  for (const Request& request : row.facts.requests) ids.push_back(request.id);
  return ids;
}

}  // namespace

/// Writes what changed. A change nobody would see waits for the next one; then `done` still waits
/// for what is under way, so that what it answers is true of the table.
void SessionService::Impl::persist(Live& live, std::function<void(Result<void>)> done) {
  SessionRow next = live.row;
  next.facts = static_cast<const SessionFacts&>(live.state);
  const WallTime wall = deps.clock.wall_now();
  const bool active = live.queued &&
                      live.state.activity == model::SessionRuntimeActivity::WORKING &&
                      wall - live.queued->updated_at >= kActivityStep &&
                      next.facts.order != live.queued->facts.order;
  if (live.queued && shows_the_same(next, *live.queued) && !active) {
    if (live.in_flight == 0) return done({});
    live.waiting.push_back(std::move(done));
    return;
  }
  next.updated_at = wall;
  next.stamp = next_stamp();
  const bool fresh = !live.queued;
  live.row.updated_at = wall;
  live.queued = next;
  ++live.in_flight;
  live.waiting.push_back(std::move(done));
  sqlite::submit<Nothing>(
      deps.loop, deps.writer, weak_from_this(),
      [next, fresh](sqlite::Database& database) -> Result<Nothing> {
        SB_TRY_VOID(fresh ? insert_session(database, next) : update_session(database, next));
        return Nothing{};
      },
      [this, next, serial = live.serial](const Result<Nothing>& result) {
        written(serial, next, result ? Result<void>() : Result<void>(result.error()));
      });
}

void SessionService::Impl::written(std::uint64_t serial, const SessionRow& row,
                                   const Result<void>& result) {
  if (result) tell(row);
  Live* live = find(row.id);
  if (live == nullptr || live->serial != serial) return;  // forgotten meanwhile
  --live->in_flight;
  if (result) {
    live->committed = row;
  } else {
    deps.log.warn("session not written",
                  {kv("session", row.id), kv("reason", result.error().message)});
    // The row went from under us: the next write makes it anew.
    if (result.error().code == ErrorCode::conflict) live->committed.reset();
  }
  if (live->in_flight != 0) return;
  auto waiting = std::exchange(live->waiting, {});
  if (!result) revert(*live);
  for (const auto& done : waiting) {
    if (result) {
      done({});
    } else {
      done(fail(ErrorCode::unavailable, "the session could not be written"));
    }
  }
}

// What was not committed was not said: the same hook may be told again.
void SessionService::Impl::revert(Live& live) {
  if (!live.committed) {
    drop(live);
    lives.erase(std::string(live.row.id));
    return;
  }
  live.row = *live.committed;
  live.queued = live.committed;
  static_cast<SessionFacts&>(live.state) = live.committed->facts;
  live.state.actors.clear();
  watch_process(live);
  schedule(live);
}

void SessionService::Impl::tell(const SessionRow& row) {
  Told& before = told[row.id];
  SessionChanged event{row, {}};
  auto open = request_ids(row);
  if (before.workspace != row.workspace) {
    if (!before.workspace.empty()) tell_removed(row.id, row.stamp);
    told[row.id] = {row.workspace, std::move(open)};
    return emit(event);
  }
  for (auto& id : before.requests) {
    if (std::find(open.begin(), open.end(), id) == open.end()) {
      event.settled.push_back(std::move(id));
    }
  }
  before.requests = std::move(open);
  emit(event);
}

void SessionService::Impl::tell_removed(const std::string& id, std::uint64_t stamp) {
  const auto found = told.find(id);
  if (found == told.end()) return;
  SessionRemoved event{id, std::move(found->second.workspace), std::move(found->second.requests),
                       stamp};
  told.erase(found);
  emit(event);
}

void SessionService::Impl::forget(const std::string& id, std::function<void(Result<void>)> done) {
  Live* live = find(id);
  if (live == nullptr) return done(fail(ErrorCode::not_found, "no such session"));
  remember_forgotten(*live);
  drop(*live);
  auto waiting = std::exchange(live->waiting, {});
  waiting.push_back(std::move(done));
  lives.erase(id);
  const std::uint64_t stamp = next_stamp();
  removals[stamp] = std::move(waiting);
  sqlite::submit<Nothing>(
      deps.loop, deps.writer, weak_from_this(),
      [id](sqlite::Database& database) -> Result<Nothing> {
        SB_TRY_VOID(delete_session(database, id));
        return Nothing{};
      },
      [this, id, stamp](const Result<Nothing>& result) {
        if (result) {
          tell_removed(id, stamp);
        } else {
          deps.log.warn("session not removed",
                        {kv("session", id), kv("reason", result.error().message)});
        }
        const auto told_now = removals.extract(stamp);
        for (const auto& waits : told_now.mapped()) {
          waits(result ? Result<void>() : Result<void>(result.error()));
        }
      });
}

}  // namespace sb::session
