#include "sb/session/session_service.h"

#include <algorithm>
#include <utility>

#include "service_impl.h"
#include "tables.h"

namespace sb::session {
namespace {

Result<Contents> read_all(sqlite::Database& database) {
  Contents contents;
  SB_TRY(contents.sessions, all_sessions(database));
  for (const auto& row : contents.sessions) {
    contents.stamp_max = std::max(contents.stamp_max, row.stamp);
  }
  return contents;
}

/// A row as it is at the start of a new life: whose process is gone has ended meanwhile, unseen.
bool bring_up_to_date(SessionRow& row, MonoTime mono, WallTime wall) {
  SessionState state;
  static_cast<SessionFacts&>(state) = row.facts;
  const bool other_boot = row.facts.process.known() && row.facts.process.boot != process::boot_id();
  bool moved = false;
  if (state.process.known() && !process::is_running(state.process)) {
    moved = step(state, Exit{state.process, std::nullopt}, {mono, wall});
  }
  // Counted from the beginning of another boot.
  const auto uptime = static_cast<std::uint64_t>(mono.time_since_epoch().count());
  if (other_boot || state.order > uptime) state.order = 0;
  row.facts = static_cast<const SessionFacts&>(state);
  return moved;
}

}  // namespace

SessionService::Impl::Impl(Deps given, std::vector<std::unique_ptr<LevelSource>> sources)
    : deps(std::move(given)), levels(std::move(sources)) {
  auto made = std::make_unique<ProgramLevels>();
  programs = made.get();
  levels.push_back(std::move(made));
}

SessionService::SessionService(Deps deps, std::vector<std::unique_ptr<LevelSource>> levels)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(levels))) {}

SessionService::~SessionService() {
  stop();
}

void SessionService::on_event(std::function<void(const Event&)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

void SessionService::set_locator(const WorkspaceLocator* locator) {
  impl_->locator = locator;
}

Result<Contents> SessionService::load() {
  Contents contents;
  const Now now = impl_->now();
  auto read = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY(contents, read_all(database));
    return {};
  });
  if (!read) return std::move(read).error();
  impl_->deps.counter.raise(contents.stamp_max);
  std::vector<SessionRow> ended;
  for (SessionRow& row : contents.sessions) {
    if (!bring_up_to_date(row, now.mono, now.wall)) continue;
    row.stamp = impl_->next_stamp();
    row.updated_at = now.wall;
    ended.push_back(row);
  }
  auto written = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    for (const SessionRow& row : ended) SB_TRY_VOID(update_session(database, row));
    return {};
  });
  if (!written) return std::move(written).error();
  contents.fence = impl_->next_stamp();
  for (const SessionRow& row : contents.sessions) {
    auto live = std::make_unique<Live>();
    live->agent = find_agent(row.agent);
    if (live->agent == nullptr) continue;
    live->row = row;
    live->committed = row;
    live->queued = row;
    live->serial = ++impl_->last_serial;
    static_cast<SessionFacts&>(live->state) = row.facts;
    live->state.word_at = now.mono;  // so long may what was known stand without a word
    if (live->state.phase == model::SessionRuntimePhase::starting) {
      live->state.starting_since = now.mono;
    }
    impl_->told[row.id].workspace = row.workspace;
    for (const Request& request : row.facts.requests) {
      impl_->told[row.id].requests.push_back(request.id);
    }
    impl_->lives[row.id] = std::move(live);
  }
  return contents;
}

void SessionService::start() {
  if (impl_->started || impl_->stopped) return;
  impl_->started = true;
  impl_->deps.watcher.listen([&loop = impl_->deps.loop, owner = impl_->weak_from_this()](
                                 const std::vector<fs_watch::Event>& events) {
    // Most of what happens in the watched trees is git's business.
    std::vector<fs_watch::Event> ours;
    std::copy_if(events.begin(), events.end(), std::back_inserter(ours), [](const auto& event) {
      return event.kind != fs_watch::Event::Kind::changed || event.name.ends_with(".json");
    });
    if (ours.empty()) return;
    loop.post([owner, ours = std::move(ours)] {
      if (const auto self = owner.lock()) self->files_changed(ours);
    });
  });
  std::vector<std::string> ids;
  for (const auto& [id, live] : impl_->lives) ids.push_back(id);
  for (const auto& id : ids) {
    Live* live = impl_->find(id);
    if (live == nullptr || live->state.ended) {
      if (live != nullptr) impl_->watch_process(*live);
      continue;
    }
    impl_->follow(*live);
    impl_->read_level(*live);
  }
}

void SessionService::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  for (const auto& [id, live] : impl_->lives) impl_->drop(*live);
  for (const auto& [path, directory] : impl_->directories) {
    if (directory.watch != 0) impl_->deps.watcher.remove(directory.watch);
  }
}

void SessionService::read(std::function<void(Result<Contents>)> done) {
  const std::uint64_t fence = impl_->next_stamp();
  sqlite::submit<Contents>(impl_->deps.loop, impl_->deps.writer, impl_->weak_from_this(), read_all,
                           [fence, done = std::move(done)](Result<Contents> read) {
                             if (read) read->fence = fence;
                             done(std::move(read));
                           });
}

void SessionService::relocate() {
  if (impl_->locator == nullptr) return;
  std::vector<Live*> outside;
  for (const auto& [id, live] : impl_->lives) {
    if (live->row.workspace.empty()) outside.push_back(live.get());
  }
  for (Live* live : outside) {
    const auto found = impl_->locator->at(live->row.directory);
    if (!found) continue;
    live->row.workspace = *found;
    impl_->persist(*live, [](const Result<void>&) {});
  }
}

void SessionService::release(const model::WorkspaceId& workspace,
                             const std::function<void()>& done) {
  std::vector<std::string> ids;
  for (const auto& [id, live] : impl_->lives) {
    if (live->row.workspace == workspace) ids.push_back(id);
  }
  if (ids.empty()) return done();
  auto left = std::make_shared<std::size_t>(ids.size());
  for (const auto& id : ids) {
    impl_->forget(id, [left, done](const Result<void>&) {
      if (--*left == 0) done();
    });
  }
}

void SessionService::remove(const std::string& id, std::function<void(Result<void>)> done) {
  impl_->forget(id, std::move(done));
}

SessionService::Health SessionService::health() const {
  Health health;
  health.sessions = impl_->lives.size();
  for (const auto& [id, live] : impl_->lives) {
    if (live->state.ended) continue;
    ++health.live;
    if (live->row.workspace.empty()) health.outside.push_back(live->row.directory);
  }
  return health;
}

}  // namespace sb::session
