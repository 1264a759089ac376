#include "oracle.h"

#include <algorithm>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"

namespace sb::sim {

using model::Field;
using model::FieldSet;
using model::Stamp;

namespace {

std::size_t at(Field field) {
  return static_cast<std::size_t>(field);
}
std::size_t collection(Field field) {
  return at(field) - at(Field::sessionSummaries);
}
std::size_t at(int source) {
  return static_cast<std::size_t>(source);
}

constexpr FieldSet kAboutThePr{Field::prState,
                               Field::prCiStatus,
                               Field::prUpdatedAt,
                               Field::hasMergeConflict,
                               Field::prReviewState,
                               Field::prHeadBranch,
                               Field::ratchetState,
                               Field::ratchetDispatchStalled,
                               Field::ratchetDispatchOutcome,
                               Field::ratchetDispatchRetryCount};
constexpr FieldSet kUnderRatchet{Field::ratchetEnabled, Field::prState, Field::prCiStatus,
                                 Field::hasMergeConflict, Field::prReviewState};

// Within a source its own order counts, across sources the order of arrival.
bool not_older(const Oracle::Origin& a, const Oracle::Origin& b) {
  return a.source == b.source ? a.stamp >= b.stamp : a.arrival >= b.arrival;
}

void note(std::vector<Oracle::Origin>& words, const Oracle::Origin& origin) {
  for (auto& word : words) {
    if (word.source != origin.source) continue;
    if (word.stamp < origin.stamp) word = origin;  // a late one came before it in its source
    return;
  }
  words.push_back(origin);
}

}  // namespace

struct Oracle::Shown {
  model::Facts facts;
  FieldSet unknown;
  std::vector<model::SessionSummary> sessions;
  std::vector<model::PendingRequest> requests;
  std::vector<model::Terminal> terminals;
  snapshot::Derived derived;
};

void Oracle::raise(std::optional<Stamp>& held, const Stamp& stamp) {
  if (!held || *held < stamp) held = stamp;
}
bool Oracle::newer(const Stamps& stamps, int source, const Stamp& stamp) {
  const auto& held = stamps.at(at(source));
  return !held || stamp > *held;
}

void Oracle::remove_project(int project) {
  projects_.erase(project);
  for (const int id : members(project)) entities_.erase(id);
  std::erase_if(tombstones_, [&](const auto& tomb) { return tomb.second.first == project; });
  std::erase_if(evicted_, [&](const auto& marker) { return marker.second.first == project; });
}

std::vector<int> Oracle::members(int project) const {
  std::vector<int> ids;
  for (const auto& [id, entity] : entities_) {
    if (entity.scalars[at(Field::projectId)].value == project) ids.push_back(id);
  }
  return ids;
}

std::vector<int> Oracle::shown(int project) const {
  std::vector<std::pair<std::optional<WallTime>, int>> order;
  for (const int id : members(project)) {
    const Shown state = settle(entities_.at(id));
    if (!model::is_hidden(state.facts.status)) order.emplace_back(state.facts.createdAt, id);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first == b.first ? workspace_id(a.second) < workspace_id(b.second) : a.first > b.first;
  });
  std::vector<int> ids;
  ids.reserve(order.size());
  for (const auto& [created, id] : order) ids.push_back(id);
  return ids;
}

std::optional<std::int64_t> Oracle::value(int workspace, Field field) const {
  const auto found = entities_.find(workspace);
  if (found == entities_.end() || !found->second.scalars[at(field)].known) return std::nullopt;
  return found->second.scalars[at(field)].value;
}

Statement Oracle::resolve(const Statement& statement) const {
  Statement resolved = statement;
  if (statement.say != Say::activity) return resolved;
  const Element said = statement.elements.front();
  resolved.elements.clear();
  const auto found = entities_.find(statement.workspace);
  if (found == entities_.end()) return resolved;
  for (const ElementState& e : found->second.elements) {
    if (!e.live || e.element.collection != said.collection || e.element.id != said.id ||
        e.origin.source != statement.source) {
      continue;
    }
    resolved.scalars.clear();
    resolved.elements.push_back(e.element);
    resolved.elements.back().active = static_cast<int>(said.value);
  }
  return resolved;
}

Oracle::Entity* Oracle::create(const Statement& statement, const Stamp& stamp) {
  const auto blocked = [&](const auto& map) {
    const auto found = map.find(statement.workspace);
    return found != map.end() && !newer(found->second.second, statement.source, stamp);
  };
  if (blocked(tombstones_) || blocked(evicted_)) return nullptr;
  Entity& entity = entities_[statement.workspace];
  for (auto* map : {&tombstones_, &evicted_}) {
    if (const auto found = map->find(statement.workspace); found != map->end()) {
      for (int s = 0; s < kSources; ++s) {
        if (const auto& held = found->second.second.at(at(s))) {
          raise(entity.floors.at(at(s)), *held);
        }
      }
      map->erase(found);
    }
  }
  return &entity;
}

Oracle::Answer Oracle::say(const Statement& statement, const Stamp& stamp, WallTime wall) {
  const Scalar* project = statement.find(Field::projectId);
  auto found = entities_.find(statement.workspace);
  Entity* entity = found == entities_.end() ? nullptr : &found->second;
  if (entity == nullptr) {
    const auto tomb = tombstones_.find(statement.workspace);
    if (tomb != tombstones_.end() && !newer(tomb->second.second, statement.source, stamp)) {
      return Answer::stale;
    }
    const bool creates = project != nullptr && statement.find(Field::status) != nullptr &&
                         has_project(static_cast<int>(project->value));
    if (!creates) return Answer::not_found;
    entity = create(statement, stamp);
    if (entity == nullptr) return Answer::stale;
  }
  if (statement.source != kOwn && contradicts_own(*entity, statement)) return Answer::conflict;
  if (project != nullptr && !has_project(static_cast<int>(project->value))) {
    return Answer::not_found;
  }
  const Origin origin{statement.source, stamp, ++arrivals_};
  return merge(*entity, statement, origin, wall) ? Answer::accepted : Answer::stale;
}

bool Oracle::contradicts_own(const Entity& entity, const Statement& statement) const {
  return std::any_of(statement.scalars.begin(), statement.scalars.end(), [&](const Scalar& scalar) {
    const ScalarState& held = entity.scalars[at(scalar.field)];
    return held.known && held.origin.source == kOwn && held.value != scalar.value;
  });
}

bool Oracle::listens(int workspace, int source, const Stamp& stamp) const {
  const auto found = entities_.find(workspace);
  return found != entities_.end() && newer(found->second.floors, source, stamp);
}

bool Oracle::merge(Entity& entity, const Statement& statement, const Origin& origin, WallTime wall,
                   bool late) {
  const int source = origin.source;
  if (!newer(entity.floors, source, origin.stamp)) return statement.says_nothing();
  bool accepted = false;
  bool rejected = false;
  for (const Scalar& scalar : statement.scalars) {
    ScalarState& held = entity.scalars[at(scalar.field)];
    if (scalar.field == Field::prNumber) hear(entity.numbers, {origin, scalar.value});
    if (scalar.field == Field::prUrl) hear(entity.urls, {origin, scalar.value});
    if (late || !newer(held.newest, source, origin.stamp)) {
      rejected = true;
      continue;
    }
    if (held.known && held.origin.source == kOwn && source != kOwn) continue;
    raise(held.newest.at(at(source)), origin.stamp);
    held.known = true;
    held.origin = origin;
    held.value = scalar.value;
    accepted = true;
  }
  const WallTime request_at = request_time(statement.say, wall);
  for (const Element& element : statement.elements) {
    if (element.collection == Field::sessionSummaries) {
      note(entity.session_words, origin);
      if (!element.removed && shows_start(make_session(source, element, wall))) {
        note(entity.start_words, origin);
      }
    }
    if (element.collection != Field::terminals) note(entity.request_words, origin);
    const WallTime when = element.collection == Field::pendingRequests ? request_at : wall;
    const bool taken = !late && merge_element(entity, element, origin, when);
    (taken ? accepted : rejected) = true;
  }
  statement.whole.each([&](Field field) {
    if (field == Field::sessionSummaries) note(entity.session_words, origin);
    if (field != Field::terminals) note(entity.request_words, origin);
    auto& floor = entity.whole_floors.at(collection(field)).at(at(source));
    for (ElementState& e : entity.elements) {
      if (e.element.collection != field || e.origin.source != source ||
          !(e.origin.stamp < origin.stamp)) {
        continue;
      }
      if (e.live) accepted = true;
      e.live = false;
      e.origin = origin;
    }
    (floor && *floor >= origin.stamp ? rejected : accepted) = true;
    raise(floor, origin.stamp);
    entity.reported.at(collection(field)) = true;
  });
  if (accepted) raise(entity.touched.at(at(source)), origin.stamp);
  return accepted || !rejected;
}

bool Oracle::merge_element(Entity& entity, const Element& element, const Origin& origin,
                           WallTime when) {
  const auto& floor = entity.whole_floors.at(collection(element.collection)).at(at(origin.source));
  const auto held =
      std::find_if(entity.elements.begin(), entity.elements.end(), [&](const ElementState& e) {
        return e.element.collection == element.collection && e.element.id == element.id &&
               e.origin.source == origin.source;
      });
  if (floor && origin.stamp <= *floor) return false;
  if (held != entity.elements.end() && origin.stamp <= held->origin.stamp) return false;
  const ElementState state{element, origin, when, !element.removed};
  if (held != entity.elements.end()) {
    *held = state;
  } else {
    entity.elements.push_back(state);
  }
  entity.reported.at(collection(element.collection)) = true;
  return true;
}

Oracle::Answer Oracle::remove(int workspace, int source, const Stamp& stamp) {
  const auto found = entities_.find(workspace);
  if (found == entities_.end()) {
    bool known = tombstones_.contains(workspace);
    if (const auto marker = evicted_.find(workspace); !known && marker != evicted_.end()) {
      // It had to go for want of room, and now it is really gone.
      if (!newer(marker->second.second, source, stamp)) return Answer::stale;
      tombstones_[workspace] = marker->second;
      evicted_.erase(marker);
      known = true;
    }
    auto& [project, stamps] = tombstones_[workspace];
    if (!known) project = -1;
    const bool is_newer = newer(stamps, source, stamp);
    raise(stamps.at(at(source)), stamp);
    return !known ? Answer::not_found : is_newer ? Answer::accepted : Answer::stale;
  }
  Entity& entity = found->second;
  const ScalarState& owner = entity.scalars[at(Field::projectId)];
  if (source != kOwn && owner.known && owner.origin.source == kOwn) return Answer::conflict;
  const auto& status = entity.scalars[at(Field::status)];
  const auto& spoke = entity.touched.at(at(source));
  const bool late = source != kOwn && spoke && stamp < *spoke;
  if (!newer(owner.newest, source, stamp) || !newer(status.newest, source, stamp) || late ||
      !newer(entity.floors, source, stamp)) {
    if (newer(entity.floors, source, stamp)) void_older(entity, source, stamp);
    return Answer::stale;
  }
  Stamps stamps = entity.floors;
  for (int s = 0; s < kSources; ++s) {
    if (const auto& held = entity.touched.at(at(s)); held && s != source) {
      raise(stamps.at(at(s)), *held);
    }
  }
  raise(stamps.at(at(source)), stamp);
  tombstones_[workspace] = {static_cast<int>(owner.value), stamps};
  entities_.erase(found);
  return Answer::accepted;
}

void Oracle::void_older(Entity& entity, int source, const Stamp& stamp) {
  for (ScalarState& held : entity.scalars) {
    if (&held == &entity.scalars[at(Field::projectId)] ||
        &held == &entity.scalars[at(Field::status)]) {
      continue;
    }
    if (held.known && held.origin.source == source && held.origin.stamp <= stamp) {
      held.known = false;
    }
  }
  for (ElementState& e : entity.elements) {
    if (e.origin.source == source && e.origin.stamp <= stamp) e.live = false;
  }
  for (auto& floors : entity.whole_floors) raise(floors.at(at(source)), stamp);
  for (auto* words : {&entity.session_words, &entity.start_words, &entity.request_words}) {
    std::erase_if(*words, [&](const Origin& w) { return w.source == source && w.stamp <= stamp; });
  }
  raise(entity.floors.at(at(source)), stamp);
}

std::vector<int> Oracle::absence(int source, int project, const std::set<int>& present,
                                 const Stamp& fence) {
  std::vector<int> gone;
  for (const int id : members(project)) {
    const Entity& entity = entities_.at(id);
    if (entity.scalars[at(Field::projectId)].origin.source != source) continue;
    if (present.contains(id) || !newer(entity.touched, source, fence)) continue;
    gone.push_back(id);
  }
  for (const int id : gone) (void)remove(id, source, fence);
  return gone;
}

std::vector<int> Oracle::synced(int source, int project, std::uint32_t epoch) {
  std::vector<int> gone;
  for (const int id : members(project)) {
    const Entity& entity = entities_.at(id);
    if (entity.scalars[at(Field::projectId)].origin.source != source) continue;
    const auto& touched = entity.touched.at(at(source));
    if (touched && touched->epoch < epoch) gone.push_back(id);
  }
  for (const int id : gone) (void)remove(id, source, Stamp{epoch, 0, 0});
  return gone;
}

bool Oracle::counts(const ScalarState& fact, const std::vector<Origin>& words) {
  return fact.known && std::all_of(words.begin(), words.end(), [&](const Origin& word) {
           return not_older(fact.origin, word);
         });
}

// A late word belongs right before the next one of its source, as if it had come then.
void Oracle::hear(std::vector<PrWord>& words, PrWord word) {
  for (auto next = words.begin(); next != words.end(); ++next) {
    if (next->origin.source != word.origin.source || next->origin.stamp < word.origin.stamp) {
      continue;
    }
    if (next->origin.stamp == word.origin.stamp) return;
    word.origin.arrival = next->origin.arrival;
    words.insert(next, word);
    return;
  }
  words.push_back(word);
}

bool Oracle::arrival_decides(int workspace) const {
  const auto found = entities_.find(workspace);
  if (found == entities_.end()) return false;
  std::set<int> sources;
  for (const auto* words : {&found->second.numbers, &found->second.urls}) {
    for (const PrWord& word : *words) sources.insert(word.origin.source);
  }
  // One names the pull request and another speaks about it.
  if (!sources.empty()) {
    kAboutThePr.each([&](Field field) {
      const ScalarState& held = found->second.scalars[at(field)];
      if (held.known) sources.insert(held.origin.source);
    });
  }
  if (sources.size() > 1) return true;
  const ScalarState& had = found->second.scalars[at(Field::hasHadSessions)];
  const auto& starts = found->second.start_words;
  return had.known && std::any_of(starts.begin(), starts.end(), [&](const Origin& word) {
           return word.source != had.origin.source;
         });
}

// The first word for the pull request named last, when another one was named before it.
std::optional<Oracle::Origin> Oracle::identity_since(const std::vector<PrWord>& words) {
  if (words.empty()) return std::nullopt;
  const std::int64_t current = words.back().value;
  Origin first = words.back().origin;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (word->value == current) {
      first = word->origin;
    } else if (word->value != kNull) {
      return first;
    }
  }
  return std::nullopt;
}

Oracle::Shown Oracle::settle(const Entity& entity) {
  Shown shown;
  model::Facts& facts = shown.facts;
  FieldSet voided;
  for (const auto& since : {identity_since(entity.numbers), identity_since(entity.urls)}) {
    if (!since) continue;
    kAboutThePr.each([&](Field field) {
      const ScalarState& held = entity.scalars[at(field)];
      if (held.known && !not_older(held.origin, *since)) voided.insert(field);
    });
  }
  for (std::size_t i = 0; i < model::kScalarCount; ++i) {
    const auto field = static_cast<Field>(i);
    const ScalarState& held = entity.scalars[i];
    if (held.known && !voided.contains(field)) {
      put_fact(facts, field, held.value);
    } else {
      shown.unknown.insert(field);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    if (!entity.reported.at(i)) {
      shown.unknown.insert(static_cast<Field>(at(Field::sessionSummaries) + i));
    }
  }

  bool working = false;
  bool starting = false;
  bool error = false;
  const auto ended = [&](const ElementState& request) {
    const auto& whole = entity.whole_floors[0].at(at(request.origin.source));
    const bool lives = std::any_of(
        entity.elements.begin(), entity.elements.end(), [&](const ElementState& session) {
          return session.live && session.element.collection == Field::sessionSummaries &&
                 session.origin.source == request.origin.source &&
                 session.element.id == request.element.id / kRequestsPerSession;
        });
    if (!lives && whole && *whole >= request.origin.stamp) return true;
    return std::any_of(
        entity.elements.begin(), entity.elements.end(), [&](const ElementState& session) {
          if (session.element.collection != Field::sessionSummaries ||
              session.origin.source != request.origin.source ||
              session.element.id != request.element.id / kRequestsPerSession) {
            return false;
          }
          const bool over = !session.live || session.session().processState ==
                                                 model::SessionRuntimeProcessState::stopped;
          return over && !(session.origin.stamp < request.origin.stamp);
        });
  };
  for (const ElementState& e : entity.elements) {
    if (!e.live) continue;
    if (e.element.collection == Field::sessionSummaries) {
      auto session = e.session();
      working = working || snapshot::is_session_working(session);
      starting = starting || snapshot::is_session_starting(session);
      error = error || snapshot::session_error(session).has_value();
      if (!facts.lastActivityAt || *facts.lastActivityAt < session.updatedAt) {
        facts.lastActivityAt = session.updatedAt;
      }
      shown.sessions.push_back(std::move(session));
    } else if (e.element.collection == Field::terminals) {
      shown.terminals.push_back(make_terminal(e.origin.source, e.element.id, e.element.value));
    } else if (!ended(e)) {
      shown.requests.push_back(make_request(e.origin.source, e.element.id, e.element.value, e.at));
    }
  }
  const auto by_id = [](const auto& a, const auto& b) {
    return model::element_id(a) < model::element_id(b);
  };
  std::sort(shown.sessions.begin(), shown.sessions.end(), by_id);
  std::sort(shown.requests.begin(), shown.requests.end(), by_id);
  std::sort(shown.terminals.begin(), shown.terminals.end(), by_id);
  if (facts.lastActivityAt) shown.unknown.erase(Field::lastActivityAt);

  if (!counts(entity.scalars[at(Field::isWorking)], entity.session_words)) {
    facts.isWorking = working;
    if (entity.reported[0]) shown.unknown.erase(Field::isWorking);
  }
  if (!counts(entity.scalars[at(Field::hasHadSessions)], entity.start_words)) {
    facts.hasHadSessions = !entity.start_words.empty();
    if (facts.hasHadSessions) shown.unknown.erase(Field::hasHadSessions);
  }
  if (!counts(entity.scalars[at(Field::pendingRequestType)], entity.request_words)) {
    facts.pendingRequestType.reset();
    for (const auto& request : shown.requests) {
      if (!facts.pendingRequestType || request.type < *facts.pendingRequestType) {
        facts.pendingRequestType = request.type;
      }
    }
    if (entity.reported[0] || entity.reported[1]) shown.unknown.erase(Field::pendingRequestType);
  }
  const ScalarState& ratchet = entity.scalars[at(Field::ratchetState)];
  bool stated = ratchet.known && !voided.contains(Field::ratchetState);
  bool any_input = false;
  kUnderRatchet.each([&](Field field) {
    const ScalarState& held = entity.scalars[at(field)];
    if (!held.known) return;
    if (!voided.contains(field)) any_input = true;
    if (stated && !not_older(ratchet.origin, held.origin)) stated = false;
  });
  if (!stated) {
    facts.ratchetState = snapshot::derive_ratchet_state(
        {facts.ratchetEnabled, facts.prState, facts.prCiStatus, facts.hasMergeConflict,
         facts.prReviewState == "CHANGES_REQUESTED"});
    if (any_input) {
      shown.unknown.erase(Field::ratchetState);
    } else {
      shown.unknown.insert(Field::ratchetState);
    }
  }

  snapshot::DeriveInput input;
  input.status = facts.status;
  input.mode = facts.mode;
  input.auto_iteration_status = facts.autoIterationStatus;
  input.has_had_sessions = facts.hasHadSessions;
  input.has_pr_url = facts.prUrl.has_value();
  input.pr_state = facts.prState;
  input.pr_ci_status = facts.prCiStatus;
  input.has_merge_conflict = facts.hasMergeConflict;
  input.is_working = facts.isWorking;
  input.is_session_starting = starting;
  input.has_session_error = error;
  input.pending_request_type = facts.pendingRequestType;
  input.ratchet_enabled = facts.ratchetEnabled;
  input.ratchet_state = facts.ratchetState;
  input.dispatch_stalled = facts.ratchetDispatchStalled;
  shown.derived = snapshot::derive(input);
  return shown;
}

std::string Oracle::difference(const snapshot::Store& store, int workspace) const {
  const auto found = entities_.find(workspace);
  const auto entry = store.entry(workspace_id(workspace));
  if ((found != entities_.end()) != entry.has_value()) {
    return found != entities_.end() ? "is missing" : "should not be there";
  }
  if (!entry) return {};
  const Shown expected = settle(found->second);
  std::string wanted;
  for (std::size_t i = 0; i < model::kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    wanted.clear();
    switch (field) {
      case Field::sessionSummaries:
        append_json(wanted, expected.sessions);
        break;
      case Field::pendingRequests:
        append_json(wanted, expected.requests);
        break;
      case Field::terminals:
        append_json(wanted, expected.terminals);
        break;
      case Field::sidebarStatus:
        append_json(wanted, expected.derived.sidebar_status);
        break;
      case Field::kanbanColumn:
        append_json(wanted, expected.derived.kanban_column);
        break;
      case Field::flowPhase:
        append_json(wanted, expected.derived.flow_phase);
        break;
      case Field::ciObservation:
        append_json(wanted, expected.derived.ci_observation);
        break;
      case Field::ratchetButtonAnimated:
        append_json(wanted, expected.derived.ratchet_button_animated);
        break;
      case Field::statusReason:
        append_json(wanted, expected.derived.status_reason);
        break;
      case Field::unknownFields: {
        std::vector<std::string_view> names;
        expected.unknown.each([&](Field unknown) { names.push_back(model::field_name(unknown)); });
        append_json(wanted, names);
        break;
      }
      case Field::prUpdatedAt:
        continue;  // moves only with a visible change: may lag behind on purpose
      default:
        model::append_fact_json(wanted, expected.facts, field);
    }
    const std::string_view held =
        entry->text->member(field).substr(model::field_name(field).size() + 3);
    if (held != wanted) {
      return std::string(model::field_name(field)) + " is " + std::string(held) + ", should be " +
             wanted;
    }
  }
  return {};
}

}  // namespace sb::sim
