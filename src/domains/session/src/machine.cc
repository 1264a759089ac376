#include "sb/session/machine.h"

#include <algorithm>
#include <utility>

namespace sb::session {
namespace {

using model::SessionRuntimeActivity;
using model::SessionRuntimePhase;
using model::SessionRuntimeProcessState;

void set(SessionState& state, SessionRuntimePhase phase, SessionRuntimeActivity activity) {
  state.phase = phase;
  state.activity = activity;
  state.activity_known = true;
  state.starting_since.reset();
  state.failing_since.reset();
  if (phase != SessionRuntimePhase::error) state.error.reset();
}

void set_working(SessionState& state) {
  set(state, SessionRuntimePhase::running, SessionRuntimeActivity::WORKING);
}
void set_idle(SessionState& state) {
  set(state, SessionRuntimePhase::idle, SessionRuntimeActivity::IDLE);
}
void set_waiting(SessionState& state) {
  set(state, SessionRuntimePhase::running, SessionRuntimeActivity::IDLE);
}

void set_failed(SessionState& state, std::string error) {
  set(state, SessionRuntimePhase::error, SessionRuntimeActivity::IDLE);
  state.error = std::move(error);
  state.requests.clear();
  state.shelved.reset();
}

bool has_own_request(const SessionState& state) {
  return std::any_of(state.requests.begin(), state.requests.end(),
                     [](const Request& request) { return request.actor.empty(); });
}

// What the actor asked is settled, though nobody said so.
void shelve_requests(SessionState& state, std::string_view actor) {
  std::erase_if(state.requests, [&](Request& request) {
    if (request.actor != actor) return false;
    if (actor.empty()) state.shelved = std::move(request);
    return true;
  });
}

void settle_all(SessionState& state) {
  state.requests.clear();
  state.shelved.reset();
}

bool is_about(const Request& request, const Edge& edge) {
  if (request.actor != edge.actor) return false;
  if (!request.tool_use.empty() && !edge.tool_use.empty()) return request.tool_use == edge.tool_use;
  if (request.tool_key != 0 && request.tool_key == edge.tool_key) return true;
  // An answered question has the answers in its input; there is one such tool only.
  return request.type == edge.request_type &&
         request.type != model::PendingRequestType::permission_request;
}

// --- order ---

std::uint64_t& order_of(SessionState& state, const std::string& actor) {
  if (actor.empty()) return state.order;
  const auto known =
      std::find_if(state.actors.begin(), state.actors.end(),
                   [&](const SessionState::Actor& item) { return item.id == actor; });
  if (known != state.actors.end()) return known->order;
  if (state.actors.size() >= kActorsMax) {
    state.actors.erase(std::min_element(
        state.actors.begin(), state.actors.end(),
        [](const auto& left, const auto& right) { return left.order < right.order; }));
  }
  return state.actors.emplace_back(SessionState::Actor{actor, 0}).order;
}

// --- edges ---

void note_tool(SessionState& state, const Edge& edge) {
  if (edge.tool_use.empty()) return;
  if (state.tools.size() >= kOpenToolsMax) state.tools.erase(state.tools.begin());
  state.tools.push_back({edge.tool_use, edge.actor, edge.tool_key});
}

void forget_tool(SessionState& state, const Edge& edge) {
  std::erase_if(state.tools, [&](const auto& tool) { return tool.id == edge.tool_use; });
}

/// A request has no id of its own in some agents: the newest open use of the same tool with the
/// same input names it.
std::string tool_use_of(const SessionState& state, const Edge& edge) {
  if (!edge.tool_use.empty()) return edge.tool_use;
  const auto found = std::find_if(state.tools.rbegin(), state.tools.rend(), [&](const auto& tool) {
    return tool.actor == edge.actor && tool.key == edge.tool_key && tool.key != 0;
  });
  return found == state.tools.rend() ? std::string() : found->id;
}

void take_request(SessionState& state, const Edge& edge, const Now& now) {
  Request request;
  request.type = edge.request_type;
  request.at = now.wall;
  request.actor = edge.actor;
  request.tool_use = tool_use_of(state, edge);
  request.tool_key = edge.tool_key;
  request.guessed = edge.kind == EdgeKind::may_ask;
  request.id = !edge.request_id.empty()    ? edge.request_id
               : !request.tool_use.empty() ? request.tool_use
                                           : "request-" + std::to_string(edge.order);
  const auto held = std::find_if(state.requests.begin(), state.requests.end(),
                                 [&](const Request& one) { return one.actor == edge.actor; });
  state.shelved.reset();
  if (held == state.requests.end()) {
    if (state.requests.size() < kRequestsMax) state.requests.push_back(std::move(request));
    return;
  }
  // The same question heard a second time, or by its name at last: the user is called once.
  if (held->guessed || is_about(*held, edge)) {
    request.id = held->id;
    request.at = held->at;
  }
  *held = std::move(request);
}

void start(SessionState& state, const Edge& edge, const Now& now) {
  SessionState fresh;
  fresh.order = state.order;
  fresh.process = edge.process;
  fresh.process_state = edge.process.known() ? SessionRuntimeProcessState::alive
                                             : SessionRuntimeProcessState::unknown;
  state = std::move(fresh);
  switch (edge.opening) {
    case Opening::starting:
      set(state, SessionRuntimePhase::starting, SessionRuntimeActivity::IDLE);
      state.starting_since = now.mono;
      return;
    case Opening::idle:
      return set_idle(state);
    case Opening::working:
      return set_working(state);
  }
}

void end(SessionState& state, const Now& now) {
  settle_all(state);
  state.tools.clear();
  state.end_seen = true;
  state.ended = true;
  state.activity = SessionRuntimeActivity::IDLE;
  state.activity_known = true;
  state.error.reset();
  state.starting_since.reset();
  state.failing_since.reset();
  if (state.process.known()) {
    state.phase = SessionRuntimePhase::stopping;  // until its process is gone
    return;
  }
  state.phase = SessionRuntimePhase::idle;
  state.process_state = SessionRuntimeProcessState::stopped;
  state.last_exit = model::LastExit{std::nullopt, now.wall, false};
}

// Of a sub-agent only what it asks the user is the session's business.
void take_actor_edge(SessionState& state, const Edge& edge, const Now& now) {
  switch (edge.kind) {
    case EdgeKind::asks:
      return take_request(state, edge, now);
    case EdgeKind::tool_begun:
      note_tool(state, edge);
      return shelve_requests(state, edge.actor);
    case EdgeKind::tool_ended:
      forget_tool(state, edge);
      std::erase_if(state.requests, [&](const Request& one) { return is_about(one, edge); });
      return;
    case EdgeKind::turn_ended:
    case EdgeKind::turn_failed:
    case EdgeKind::ended:
      return shelve_requests(state, edge.actor);
    default:
      return;
  }
}

void take_own_edge(SessionState& state, const Edge& edge, const Now& now) {
  switch (edge.kind) {
    case EdgeKind::working:
      settle_all(state);
      return set_working(state);
    case EdgeKind::busy:
      return has_own_request(state) ? set_waiting(state) : set_working(state);
    case EdgeKind::tool_begun:
      note_tool(state, edge);
      shelve_requests(state, {});
      return set_working(state);
    case EdgeKind::tool_ended:
      forget_tool(state, edge);
      std::erase_if(state.requests, [&](const Request& one) { return is_about(one, edge); });
      // Another tool that ran beside the one the user is asked about settles nothing.
      return has_own_request(state) ? set_waiting(state) : set_working(state);
    case EdgeKind::asks:
      take_request(state, edge, now);
      return set_waiting(state);
    case EdgeKind::may_ask:
      if (state.requests.empty()) take_request(state, edge, now);
      return set_waiting(state);
    case EdgeKind::answered:
      std::erase_if(state.requests, [&](const Request& one) {
        return one.id == edge.request_id || (edge.request_id.empty() && one.actor.empty());
      });
      return has_own_request(state) ? set_waiting(state) : set_working(state);
    case EdgeKind::turn_ended:
      settle_all(state);
      return set_idle(state);
    case EdgeKind::turn_failed:
      return set_failed(state, edge.error);
    case EdgeKind::call_failed:
      state.failing_since = now.mono;
      state.failure = edge.error;
      return;
    case EdgeKind::handed_over:
      settle_all(state);
      return set_idle(state);
    case EdgeKind::ended:
      return end(state, now);
    case EdgeKind::started:
    case EdgeKind::sign_of_life:
      return;
  }
}

// An ended session begins anew only when somebody says that it starts, or in another process.
bool may_revive(const SessionState& state, const Edge& edge) {
  if (edge.order <= state.order) return false;
  if (state.process.known() && edge.process.known()) return state.process != edge.process;
  return edge.kind == EdgeKind::started;
}

bool take_edge(SessionState& state, const Edge& edge, const Now& now) {
  if (state.ended) {
    const bool same = !edge.process.known() || edge.process == state.process;
    if (edge.kind == EdgeKind::ended && edge.actor.empty() && same && state.last_exit &&
        !state.end_seen) {
      // The goodbye came after the end: it was no crash.
      state.end_seen = true;
      state.phase = SessionRuntimePhase::idle;
      state.last_exit->unexpected = false;
      return true;
    }
    if (!edge.actor.empty() || !may_revive(state, edge)) return false;
    start(state, edge, now);
    set_idle(state);
    state.activity_known = false;
  }
  std::uint64_t& order = order_of(state, edge.actor);
  if (edge.order <= order) return false;
  order = edge.order;
  state.edge_at = now.mono;
  state.word_at = now.mono;
  if (!edge.actor.empty()) {
    take_actor_edge(state, edge, now);
    return true;
  }
  if (edge.kind == EdgeKind::started) {
    start(state, edge, now);
    state.edge_at = now.mono;
    state.word_at = now.mono;
    return true;
  }
  if (edge.process.known() && edge.process != state.process) state.process = edge.process;
  if (state.process.known()) state.process_state = SessionRuntimeProcessState::alive;
  state.last_exit.reset();
  if (edge.kind != EdgeKind::sign_of_life) state.failing_since.reset();
  take_own_edge(state, edge, now);
  return true;
}

// --- levels ---

void take_waiting(SessionState& state, const Level& level, const Now& now) {
  if (state.requests.empty()) {
    if (state.shelved && state.shelved->type == level.request_type) {
      state.requests.push_back(*std::move(state.shelved));
    } else {
      Request request;
      request.id = "waiting-" + level.version;
      request.type = level.request_type;
      request.at = now.wall;
      request.guessed = true;
      state.requests.push_back(std::move(request));
    }
    state.shelved.reset();
  }
  set_waiting(state);
}

bool take_level(SessionState& state, const Level& level, const Now& now) {
  if (state.ended) return false;
  if (level.status == LevelStatus::gone) {
    if (state.level_rank == level.rank) state.level_rank.reset();
    return false;
  }
  if (state.level_rank && *state.level_rank < level.rank) return false;
  state.level_rank = level.rank;
  if (level.began < state.edge_at + kEdgeStands) return false;
  state.word_at = std::max(state.word_at, level.began);
  switch (level.status) {
    case LevelStatus::busy:
      settle_all(state);
      set_working(state);
      return true;
    case LevelStatus::idle:
      settle_all(state);
      // That a turn failed is no longer than the turn itself, and idle is what it left.
      if (state.phase != SessionRuntimePhase::error) set_idle(state);
      return true;
    case LevelStatus::waiting:
      take_waiting(state, level, now);
      return true;
    case LevelStatus::failed:
      set_failed(state, level.error);
      return true;
    case LevelStatus::gone:
      return false;
  }
  return false;
}

// --- exit and time ---

bool take_exit(SessionState& state, const Exit& exit, const Now& now) {
  if (!exit.process.known() || exit.process != state.process ||
      state.process_state == SessionRuntimeProcessState::stopped) {
    return false;
  }
  settle_all(state);
  set_idle(state);
  state.tools.clear();
  state.ended = true;
  state.process_state = SessionRuntimeProcessState::stopped;
  const bool unexpected = !state.end_seen && exit.code != 0;
  state.last_exit = model::LastExit{exit.code, now.wall, unexpected};
  if (unexpected) state.phase = SessionRuntimePhase::error;
  return true;
}

bool wants_word(const SessionState& state) {
  return !state.ended && state.activity_known &&
         (state.activity == SessionRuntimeActivity::WORKING || !state.requests.empty());
}

bool take_tick(SessionState& state, const Now& now) {
  bool moved = false;
  if (state.starting_since && now.mono - *state.starting_since >= kStartingMax) {
    set_idle(state);
    moved = true;
  }
  if (state.failing_since && now.mono - *state.failing_since >= kFailureStands) {
    set_failed(state, state.failure);
    moved = true;
  }
  if (wants_word(state) && now.mono - state.word_at >= kUnconfirmedMax) {
    // A question stays: it must not be lost to somebody who was away. Work is not claimed.
    if (state.requests.empty()) set_idle(state);
    state.activity_known = false;
    moved = true;
  }
  return moved;
}

}  // namespace

bool step(SessionState& state, const Signal& signal, const Now& now) {
  if (const auto* edge = std::get_if<Edge>(&signal)) return take_edge(state, *edge, now);
  if (const auto* level = std::get_if<Level>(&signal)) return take_level(state, *level, now);
  if (const auto* exit = std::get_if<Exit>(&signal)) return take_exit(state, *exit, now);
  return take_tick(state, now);
}

std::optional<MonoTime> next_deadline(const SessionState& state) {
  std::optional<MonoTime> next;
  const auto join = [&](MonoTime at) {
    if (!next || at < *next) next = at;
  };
  if (state.starting_since) join(*state.starting_since + kStartingMax);
  if (state.failing_since) join(*state.failing_since + kFailureStands);
  if (wants_word(state)) join(state.word_at + kUnconfirmedMax);
  return next;
}

bool needs_level(const SessionState& state) {
  return !state.ended && (state.starting_since || !state.requests.empty() ||
                          state.activity == SessionRuntimeActivity::WORKING);
}

}  // namespace sb::session
