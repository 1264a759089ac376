#include <algorithm>
#include <filesystem>
#include <utility>

#include "service_impl.h"

// The world behind a session: its process, its level, and time.

namespace sb::session {

void SessionService::Impl::take(Live& live, const Signal& signal) {
  const bool taken = step(live.state, signal, now());
  const bool waits = live.in_flight != 0;
  follow(live);
  if (taken || waits) persist(live, [](const Result<void>&) {});
}

/// After every step: the world is watched as the state wants it.
void SessionService::Impl::follow(Live& live) {
  watch_process(live);
  watch_level(live);
  schedule(live);
}

void SessionService::Impl::drop(Live& live) {
  if (live.watch != 0) deps.processes.remove(std::exchange(live.watch, 0));
  live.watched = {};
  if (live.timer != 0) deps.loop.cancel(std::exchange(live.timer, 0));
}

// --- its process ---

void SessionService::Impl::watch_process(Live& live) {
  if (!started || stopped) return;
  const ProcessIdentity& process = live.state.process;
  const bool wanted =
      process.known() && live.state.process_state != model::SessionRuntimeProcessState::stopped;
  if (live.watch != 0 && (!wanted || live.watched != process)) {
    deps.processes.remove(std::exchange(live.watch, 0));
    live.watched = {};
  }
  if (!wanted || live.watched == process) return;
  live.watched = process;
  auto watch = deps.processes.watch(
      process, [owner = weak_from_this(), id = live.row.id, process](std::optional<int> code) {
        if (const auto self = owner.lock()) self->process_ended(id, process, code);
      });
  if (watch) {
    live.watch = *watch;
  } else if (watch.error().code == ErrorCode::not_found) {
    deps.loop.post([owner = weak_from_this(), id = live.row.id, process] {
      if (const auto self = owner.lock()) self->process_ended(id, process, std::nullopt);
    });
  } else {
    deps.log.warn("process not watched",
                  {kv("session", live.row.id), kv("reason", watch.error().message)});
  }
}

void SessionService::Impl::process_ended(const std::string& id, const ProcessIdentity& process,
                                         std::optional<int> code) {
  Live* live = find(id);
  if (stopped || live == nullptr || live->state.process != process) return;
  if (live->watched == process) live->watch = 0;
  const auto end = [owner = weak_from_this(), id, process, code] {
    const auto self = owner.lock();
    Live* ended = self && !self->stopped ? self->find(id) : nullptr;
    if (ended == nullptr) return;
    Exit exit{process, std::nullopt};
    if (code) exit.code = *code;
    self->take(*ended, exit);
  };
  if (live->state.end_seen || code == 0) return end();
  deps.loop.after(kGoodbyeGrace, end);
}

// --- time ---

void SessionService::Impl::schedule(Live& live) {
  if (live.timer != 0) deps.loop.cancel(std::exchange(live.timer, 0));
  if (!started || stopped) return;
  auto next = next_deadline(live.state);
  if (live.read_at && (!next || *live.read_at < *next)) next = live.read_at;
  if (!next) return;
  const auto delay = std::max(*next - deps.clock.mono_now(), std::chrono::nanoseconds(0));
  live.timer = deps.loop.after(delay, [owner = weak_from_this(), id = live.row.id] {
    if (const auto self = owner.lock()) self->wake(id);
  });
}

void SessionService::Impl::wake(const std::string& id) {
  Live* live = find(id);
  if (live == nullptr || stopped) return;
  live->timer = 0;
  if (live->read_at && *live->read_at <= deps.clock.mono_now()) {
    live->read_at.reset();
    read_level(*live);
  }
  take(*live, Tick{});
}

// --- its level ---

void SessionService::Impl::watch_level(Live& live) {
  if (!started || stopped) return;
  live.level_file.clear();
  if (live.state.ended) return;
  for (const auto& source : levels) {
    if (source->agent() != live.row.agent) continue;  // one of every agent has no file
    live.level_file = source->file(query_of(live));
    if (live.level_file.empty()) continue;
    const std::string folder = std::filesystem::path(live.level_file).parent_path().string();
    Directory& directory = directories[folder];
    if (directory.watch == 0) directory.watch = deps.watcher.watch_directory(folder);
  }
}

// A folder that was not there may be now: tried with each hook, not with each look.
void SessionService::Impl::retry_watch(const Live& live) {
  if (live.level_file.empty()) return;
  const auto found =
      directories.find(std::filesystem::path(live.level_file).parent_path().string());
  if (found == directories.end() || !found->second.broken) return;
  deps.watcher.remove(found->second.watch);
  directories.erase(found);
}

std::vector<const LevelSource*> SessionService::Impl::sources_of(const Live& live) const {
  std::vector<const LevelSource*> sources;
  for (const auto& source : levels) {
    if (source->agent().empty() || source->agent() == live.row.agent) {
      sources.push_back(source.get());
    }
  }
  return sources;
}

// One read at a time; a hint during a read causes one more.
void SessionService::Impl::read_level(Live& live) {
  if (!started || stopped || live.state.ended) return;
  if (live.reading) {
    live.read_again = true;
    return;
  }
  std::vector<const LevelSource*> sources = sources_of(live);
  if (sources.empty()) return;
  live.reading = true;
  const MonoTime began = deps.clock.mono_now();
  deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), id = live.row.id,
                       query = query_of(live), sources = std::move(sources), began] {
    const auto alive = owner.lock();  // and with it the sources
    if (!alive) return;
    std::vector<Level> read;
    for (const LevelSource* source : sources) {
      read.push_back(source->read(query));
      read.back().rank = source->rank();
      read.back().began = began;
    }
    loop.post([owner, id, read = std::move(read)] {
      if (const auto self = owner.lock()) self->take_levels(id, read);
    });
  });
}

void SessionService::Impl::take_levels(const std::string& id, const std::vector<Level>& read) {
  Live* live = find(id);
  if (live == nullptr || stopped) return;
  live->reading = false;
  const bool again = std::exchange(live->read_again, false);
  for (const Level& level : read) {
    // Read too early to count: once more when it does.
    if (level.began < live->state.edge_at + kEdgeStands) {
      live->read_at = live->state.edge_at + kEdgeStands;
    }
    take(*live, level);
    live = find(id);
    if (live == nullptr) return;
  }
  if (again) return read_level(*live);
  if (!needs_level(live->state) || live->read_at) return;
  if (const auto pause = pause_before_look(*live, read)) {
    live->read_at = deps.clock.mono_now() + *pause;
  }
  schedule(*live);
}

// A change that is told or watched is looked at when it comes, and else rarely, so that what is
// stated stays confirmed. Without anything to look at there is no next time.
std::optional<std::chrono::milliseconds> SessionService::Impl::pause_before_look(
    const Live& live, const std::vector<Level>& read) const {
  if (!live.level_file.empty()) {
    const auto folder = std::filesystem::path(live.level_file).parent_path().string();
    const auto found = directories.find(folder);
    const bool watched = found != directories.end() && found->second.installed;
    return watched ? kPollWatched : kPollUnwatched;
  }
  const auto sources = sources_of(live);  // the order of `read`
  std::optional<std::chrono::milliseconds> pause;
  for (std::size_t i = 0; i < sources.size() && i < read.size(); ++i) {
    const bool stated = read[i].status != LevelStatus::gone;
    if (stated && !sources[i]->pushed()) return kPollUnwatched;
    if (stated || !sources[i]->pushed()) pause = kPollWatched;
  }
  return pause;
}

void SessionService::Impl::files_changed(const std::vector<fs_watch::Event>& events) {
  if (stopped) return;
  for (const fs_watch::Event& event : events) {
    auto directory = std::find_if(directories.begin(), directories.end(), [&](const auto& item) {
      return item.second.watch == event.watch;
    });
    if (directory == directories.end()) continue;
    using Kind = fs_watch::Event::Kind;
    if (event.kind == Kind::installed) directory->second.installed = true;
    if (event.kind == Kind::root_gone || event.kind == Kind::degraded) {
      directory->second.installed = false;
      directory->second.broken = true;
    }
    const bool everything = event.kind != Kind::changed;
    const std::string file = directory->first + "/" + event.name;
    std::vector<Live*> touched;
    for (const auto& [id, live] : lives) {
      if (live->level_file.empty() || live->state.ended) continue;
      if (everything ? std::filesystem::path(live->level_file).parent_path() == directory->first
                     : live->level_file == file) {
        touched.push_back(live.get());
      }
    }
    for (Live* live : touched) read_level(*live);
  }
}

}  // namespace sb::session
