#include <algorithm>
#include <filesystem>
#include <utility>

#include "sb/core/json_value.h"

#include "service_impl.h"

// Hooks on their way in: which session, where, and what it means.

namespace sb::session {
namespace {

/// Calls `done` once, when the last of its copies was told or dropped: with the first error, or
/// success.
class Gather {
 public:
  explicit Gather(std::function<void(Result<void>)> done)
      : state_(std::make_shared<State>(State{std::move(done), {}})) {}
  std::function<void(Result<void>)> part() {
    return [state = state_](const Result<void>& result) {
      if (!result && state->result) state->result = result.error();
    };
  }

 private:
  struct State {
    std::function<void(Result<void>)> done;
    Result<void> result;
    ~State() {
      if (done) done(std::move(result));
    }
    State(std::function<void(Result<void>)> given, Result<void> first)
        : done(std::move(given)), result(std::move(first)) {}
    State(State&& other) noexcept
        : done(std::exchange(other.done, nullptr)), result(std::move(other.result)) {}
    State& operator=(State&&) = delete;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
  };
  std::shared_ptr<State> state_;
};

bool begins_nothing(EdgeKind kind) {
  return kind == EdgeKind::ended || kind == EdgeKind::handed_over;
}

}  // namespace

bool SessionService::Impl::was_forgotten(const std::string& id, const Edge& edge) const {
  for (const Forgotten& one : forgotten) {
    if (one.id != id) continue;
    if (edge.order <= one.order) return true;
    if (edge.process.known() && one.process.known()) return edge.process == one.process;
    return edge.kind != EdgeKind::started;
  }
  return false;
}

void SessionService::Impl::remember_forgotten(const Live& live) {
  std::erase_if(forgotten, [&](const Forgotten& one) { return one.id == live.row.id; });
  forgotten.push_back({live.row.id, live.state.process, live.state.order});
  if (forgotten.size() > kForgottenKept) forgotten.pop_front();
}

Result<Live*> SessionService::Impl::make_live(const Agent& agent, const std::string& id,
                                              const std::string& session) {
  if (lives.size() >= kSessionsMax) {
    // Somebody who ended first gives way.
    const auto ended = std::find_if(lives.begin(), lives.end(),
                                    [](const auto& item) { return item.second->state.ended; });
    if (ended == lives.end()) {
      return fail(ErrorCode::limit_exceeded, "too many sessions are known");
    }
    forget(std::string(ended->first), [](const Result<void>&) {});
  }
  auto made = std::make_unique<Live>();
  made->serial = ++last_serial;
  made->agent = &agent;
  made->row.id = id;
  made->row.agent = std::string(agent.name);
  made->row.agent_session = session;
  made->row.created_at = deps.clock.wall_now();
  made->row.updated_at = made->row.created_at;
  return lives.emplace(id, std::move(made)).first->second.get();
}

Result<Live*> SessionService::Impl::take_event(const Agent& agent, const AgentEvent& event,
                                               const HookLocators& locators) {
  const std::string id = std::string(agent.name) + ":" + event.session;
  Edge edge = event.edge;
  edge.order = locators.order != 0
                   ? locators.order
                   : static_cast<std::uint64_t>(deps.clock.mono_now().time_since_epoch().count());
  edge.process = locators.process;
  // A hook of an earlier boot: its order means nothing, and whoever it speaks of is gone.
  if (edge.process.known() && edge.process.boot != process::boot_id()) return nullptr;
  Live* live = find(id);
  if (live == nullptr) {
    if (begins_nothing(edge.kind) || !edge.actor.empty() || was_forgotten(id, edge)) return nullptr;
    SB_TRY(live, make_live(agent, id, event.session));
  }
  if (!step(live->state, edge, now())) return live;
  if (event.name) live->row.name = event.name;
  if (event.model) live->row.model = event.model;
  if (!locators.config_directory.empty()) live->row.config_directory = locators.config_directory;
  if (edge.actor.empty()) place(*live, event, locators);
  live->read_at = now().mono + kEdgeStands;
  retry_watch(*live);
  replace_programs(*live);
  if (edge.kind == EdgeKind::started && edge.actor.empty()) settle_start(*live);
  return live;
}

// The agent's folder decides, then where it was started. A step outside of all changes nothing.
void SessionService::Impl::place(Live& live, const AgentEvent& event,
                                 const HookLocators& locators) {
  const std::string& directory = !locators.directory.empty() && !event.directory.empty()
                                     ? locators.directory
                                     : event.directory;
  if (directory.empty() && locators.project_directory.empty()) return;
  const bool moved = !directory.empty() && directory != live.row.directory;
  if (locator == nullptr) {
    if (moved) live.row.directory = directory;
    return;
  }
  auto found = directory.empty() ? std::nullopt : locator->at(directory);
  if (!found && live.row.workspace.empty() && !locators.project_directory.empty()) {
    found = locator->at(locators.project_directory);
  }
  if (found) live.row.workspace = *found;
  if (moved && (found || live.row.workspace.empty())) live.row.directory = directory;
  if (!found && moved && locators.directory.empty()) find_by_link(live.row.id, directory);
}

// Nobody resolved the links of this path yet: a worker does.
void SessionService::Impl::find_by_link(const std::string& id, std::string directory) {
  deps.workers.submit(
      [&loop = deps.loop, owner = weak_from_this(), id, directory = std::move(directory)] {
        std::error_code failed;
        const auto real = std::filesystem::canonical(directory, failed);
        if (failed || real.string() == directory) return;
        loop.post([owner, id, directory, real = real.string()] {
          const auto self = owner.lock();
          Live* live = self ? self->find(id) : nullptr;
          if (live == nullptr || live->row.directory != directory || self->locator == nullptr)
            return;
          const auto found = self->locator->at(real);
          if (!found) return;
          live->row.directory = real;
          live->row.workspace = *found;
          self->follow(*live);
          self->persist(*live, [](const Result<void>&) {});
        });
      });
}

// One process, one session, for agents that work so; and a start retires what ended before it.
void SessionService::Impl::settle_start(const Live& live) {
  std::vector<std::string> gone;
  for (const auto& [id, other] : lives) {
    if (other.get() == &live) continue;
    const bool taken_over = live.agent->one_session_per_process && other->agent == live.agent &&
                            live.state.process.known() &&
                            other->state.process == live.state.process && !other->state.ended;
    const bool retired =
        other->state.ended && other->row.workspace == live.row.workspace &&
        (!live.row.workspace.empty() || other->row.directory == live.row.directory);
    if (taken_over || retired) gone.push_back(id);
  }
  for (const auto& id : gone) forget(id, [](const Result<void>&) {});
}

void SessionService::report(std::string_view agent_name, const HookLocators& locators,
                            std::string_view body, std::function<void(Result<void>)> done) {
  const Agent* agent = find_agent(agent_name);
  if (agent == nullptr) {
    return done(fail(ErrorCode::not_found, "no agent is called " + std::string(agent_name)));
  }
  JsonDocument document;
  const auto json = document.parse(body);
  if (!json) return done(json.error());
  const auto events = agent->read(*json);
  if (!events) return done(events.error());
  Gather gather(std::move(done));
  for (const AgentEvent& event : *events) {
    auto part = gather.part();
    auto live = impl_->take_event(*agent, event, locators);
    if (!live) {
      part(std::move(live).error());
    } else if (*live != nullptr) {
      impl_->follow(**live);
      impl_->persist(**live, std::move(part));
    }
  }
}

}  // namespace sb::session
