#include "statement.h"

#include <array>
#include <charconv>

namespace sb::sim {

using model::Facts;
using model::Field;

namespace {

constexpr std::array<std::string_view, 17> kSayNames{
    "state",    "updated",  "removed", "session",  "session_removed",
    "activity", "request",  "pr",      "pr_url",   "toggled",
    "ratchet",  "dispatch", "script",  "terminal", "auto_iteration",
    "synced",   "facts"};

constexpr WallTime kBirth{std::chrono::milliseconds(1'700'000'000'000)};

WallTime time_of(std::int64_t value) {
  return kBirth + std::chrono::milliseconds(value);
}

template <class T>
void put_enum(T& target, std::int64_t value) {
  target = static_cast<T>(value);
}
template <class T>
void put_optional_enum(std::optional<T>& target, std::int64_t value) {
  if (value == kNull) {
    target.reset();
  } else {
    target = static_cast<T>(value);
  }
}
void put_text(std::optional<std::string>& target, std::string_view prefix, std::int64_t value) {
  if (value == kNull) {
    target.reset();
  } else {
    target = std::string(prefix) + std::to_string(value);
  }
}
void put_time(std::optional<WallTime>& target, std::int64_t value) {
  if (value == kNull) {
    target.reset();
  } else {
    target = time_of(value);
  }
}
void put_number(std::optional<std::int64_t>& target, std::int64_t value) {
  if (value == kNull) {
    target.reset();
  } else {
    target = value;
  }
}

template <class T>
Opinion<T> opinion(const Statement& statement, Field field, const T& value) {
  Opinion<T> made;
  if (statement.find(field) != nullptr) made.emplace(value);
  return made;
}

}  // namespace

std::string_view say_name(Say say) {
  return kSayNames.at(static_cast<std::size_t>(say));
}

const Scalar* Statement::find(Field field) const {
  for (const Scalar& scalar : scalars) {
    if (scalar.field == field) return &scalar;
  }
  return nullptr;
}

model::WorkspaceId workspace_id(int workspace) {
  return model::WorkspaceId("w" + std::to_string(workspace));
}
model::ProjectId project_id(int project) {
  return model::ProjectId("p" + std::to_string(project));
}
int workspace_number(std::string_view id) {
  int number = -1;
  if (id.size() > 1) std::from_chars(id.data() + 1, id.data() + id.size(), number);
  return number;
}
std::string session_id(int source, int id) {
  return "s" + std::to_string(source) + "-" + std::to_string(id);
}
std::string terminal_id(int source, int id) {
  return "t" + std::to_string(source) + "-" + std::to_string(id);
}

void put_fact(Facts& facts, Field field, std::int64_t value) {
  switch (field) {
    case Field::projectId:
      facts.projectId = project_id(static_cast<int>(value));
      return;
    case Field::name:
      facts.name = "n" + std::to_string(value);
      return;
    case Field::status:
      return put_enum(facts.status, value);
    case Field::createdAt:
      facts.createdAt = time_of(value);
      return;
    case Field::branchName:
      return put_text(facts.branchName, "b", value);
    case Field::hasHadSessions:
      facts.hasHadSessions = value != 0;
      return;
    case Field::mode:
      return put_enum(facts.mode, value);
    case Field::autoIterationStatus:
      return put_optional_enum(facts.autoIterationStatus, value);
    case Field::isMain:
      facts.isMain = value != 0;
      return;
    case Field::worktreePath:
      return put_text(facts.worktreePath, "/trees/", value);
    case Field::prUrl:
      return put_text(facts.prUrl, "https://example.test/pull/", value);
    case Field::prNumber:
      return put_number(facts.prNumber, value);
    case Field::prState:
      return put_enum(facts.prState, value);
    case Field::prCiStatus:
      return put_enum(facts.prCiStatus, value);
    case Field::prUpdatedAt:
      return put_time(facts.prUpdatedAt, value);
    case Field::hasMergeConflict:
      facts.hasMergeConflict = value != 0;
      return;
    case Field::prReviewState:
      facts.prReviewState.reset();
      if (value != kNull) facts.prReviewState = value == 0 ? "APPROVED" : "CHANGES_REQUESTED";
      return;
    case Field::prHeadBranch:
      return put_text(facts.prHeadBranch, "h", value);
    case Field::isWorking:
      facts.isWorking = value != 0;
      return;
    case Field::pendingRequestType:
      return put_optional_enum(facts.pendingRequestType, value);
    case Field::ratchetEnabled:
      facts.ratchetEnabled = value != 0;
      return;
    case Field::ratchetState:
      return put_enum(facts.ratchetState, value);
    case Field::ratchetDispatchOutcome:
      return put_optional_enum(facts.ratchetDispatchOutcome, value);
    case Field::ratchetDispatchRetryCount:
      facts.ratchetDispatchRetryCount = value;
      return;
    case Field::ratchetDispatchStalled:
      facts.ratchetDispatchStalled = value != 0;
      return;
    case Field::runScriptStatus:
      return put_enum(facts.runScriptStatus, value);
    case Field::runScriptPort:
      return put_number(facts.runScriptPort, value);
    case Field::gitStats:
      facts.gitStats.reset();
      if (value != kNull) {
        facts.gitStats.emplace();
        facts.gitStats->total = value;
      }
      return;
    case Field::lastActivityAt:
      return put_time(facts.lastActivityAt, value);
    case Field::operation:
      return put_text(facts.operation, "o", value);
    case Field::ahead:
      return put_number(facts.ahead, value);
    case Field::behind:
      return put_number(facts.behind, value);
    default:
      return;
  }
}

model::SessionSummary make_session(int source, int id, std::int64_t value) {
  using Phase = model::SessionRuntimePhase;
  constexpr std::array<Phase, 4> kPhases{Phase::idle, Phase::running, Phase::starting,
                                         Phase::error};
  const auto flags = static_cast<unsigned>(value % kSessionFlags);
  model::SessionSummary session;
  session.sessionId = session_id(source, id);
  session.name = "n" + std::to_string(value / kSessionFlags);
  session.persistedStatus =
      (flags & 1U) != 0 ? model::SessionStatus::RUNNING : model::SessionStatus::IDLE;
  session.activity = (flags & 1U) != 0 ? model::SessionRuntimeActivity::WORKING
                                       : model::SessionRuntimeActivity::IDLE;
  session.processState =
      static_cast<model::SessionRuntimeProcessState>(std::min((flags >> 1U) & 3U, 2U));
  session.runtimePhase = kPhases.at((flags >> 3U) & 3U);
  session.updatedAt = time_of(value);
  if ((flags & 32U) != 0) session.lastExit = model::LastExit{137, time_of(value), true};
  return session;
}

model::SessionSummary make_session(int source, const Element& element, WallTime at) {
  auto session = make_session(source, element.id, element.value);
  if (element.active < 0) return session;
  session.activity = element.active != 0 ? model::SessionRuntimeActivity::WORKING
                                         : model::SessionRuntimeActivity::IDLE;
  session.runtimePhase =
      element.active != 0 ? model::SessionRuntimePhase::running : model::SessionRuntimePhase::idle;
  session.updatedAt = at;
  return session;
}

model::Terminal make_terminal(int source, int id, std::int64_t value) {
  model::Terminal terminal;
  terminal.id = terminal_id(source, id);
  terminal.state = static_cast<model::TerminalState>(value % kTerminalFlags);
  terminal.title = "n" + std::to_string(value / kTerminalFlags);
  return terminal;
}

model::PendingRequest make_request(int source, int id, std::int64_t value, WallTime at) {
  return {session_id(source, id / kRequestsPerSession),
          "r" + std::to_string(id % kRequestsPerSession),
          static_cast<model::PendingRequestType>(value), at};
}

bool shows_start(const model::SessionSummary& session) {
  using Phase = model::SessionRuntimePhase;
  if (session.persistedStatus != model::SessionStatus::IDLE || session.lastExit) return true;
  if (session.activity == model::SessionRuntimeActivity::WORKING) return true;
  if (session.processState == model::SessionRuntimeProcessState::alive) return true;
  return session.runtimePhase != Phase::idle && session.runtimePhase != Phase::loading;
}

WallTime request_time(Say say, WallTime wall) {
  return say == Say::request ? wall : kBirth;
}

model::FactPatch to_patch(const Statement& statement, WallTime wall) {
  model::FactPatch patch;
  for (const Scalar& scalar : statement.scalars) {
    put_fact(patch.values, scalar.field, scalar.value);
    patch.present.insert(scalar.field);
  }
  patch.sessions.whole = statement.whole.contains(Field::sessionSummaries);
  patch.pending.whole = statement.whole.contains(Field::pendingRequests);
  patch.terminals.whole = statement.whole.contains(Field::terminals);
  for (const Element& element : statement.elements) {
    if (element.collection == Field::sessionSummaries) {
      auto session = make_session(statement.source, element.id, element.value);
      if (element.removed) {
        patch.sessions.removals.push_back(session.sessionId);
      } else {
        patch.sessions.upserts.push_back(std::move(session));
      }
    } else if (element.collection == Field::terminals) {
      patch.terminals.upserts.push_back(make_terminal(statement.source, element.id, element.value));
    } else {
      auto request = make_request(statement.source, element.id, element.value,
                                  request_time(statement.say, wall));
      if (element.removed) {
        patch.pending.removals.push_back(model::element_id(request));
      } else {
        patch.pending.upserts.push_back(std::move(request));
      }
    }
  }
  return patch;
}

model::EventData to_event(const Statement& s, WallTime wall) {
  model::FactPatch patch = to_patch(s, wall);
  const Facts& v = patch.values;
  switch (s.say) {
    case Say::state:
      return model::WorkspaceStateChanged{
          v.projectId,
          v.status,
          opinion(s, Field::name, v.name),
          opinion(s, Field::branchName, v.branchName),
          opinion(s, Field::createdAt, v.createdAt.value_or(kBirth)),
          {}};
    case Say::updated:
      return model::WorkspaceUpdated{opinion(s, Field::name, v.name),
                                     opinion(s, Field::branchName, v.branchName),
                                     opinion(s, Field::mode, v.mode),
                                     opinion(s, Field::autoIterationStatus, v.autoIterationStatus),
                                     opinion(s, Field::hasHadSessions, v.hasHadSessions)};
    case Say::removed:
      return model::WorkspaceRemoved{};
    case Say::session:
      return model::SessionChanged{patch.sessions.upserts.front()};
    case Say::session_removed:
      return model::SessionRemoved{patch.sessions.removals.front()};
    case Say::activity:
      return model::SessionActivityChanged{session_id(s.source, s.elements.front().id),
                                           s.elements.front().value != 0};
    case Say::request: {
      const Element& element = s.elements.front();
      const auto request = make_request(s.source, element.id, element.value, wall);
      return model::SessionPendingRequestChanged{request.sessionId, request.requestId,
                                                 !element.removed, request.type};
    }
    case Say::pr:
      return model::GithubPrSnapshotUpdated{v.prNumber,
                                            v.prState,
                                            v.prCiStatus,
                                            opinion(s, Field::prUrl, v.prUrl),
                                            opinion(s, Field::prReviewState, v.prReviewState),
                                            opinion(s, Field::hasMergeConflict, v.hasMergeConflict),
                                            opinion(s, Field::prUpdatedAt, v.prUpdatedAt)};
    case Say::pr_url:
      return model::GithubPrUrlAttached{v.prUrl};
    case Say::toggled:
      return model::RatchetToggled{v.ratchetEnabled};
    case Say::ratchet:
      return model::RatchetStateChanged{v.ratchetState,
                                        opinion(s, Field::prCiStatus, v.prCiStatus)};
    case Say::dispatch:
      return model::RatchetDispatchChanged{v.ratchetDispatchOutcome, v.ratchetDispatchRetryCount,
                                           v.ratchetDispatchStalled};
    case Say::script:
      return model::RunScriptStatusChanged{v.runScriptStatus,
                                           opinion(s, Field::runScriptPort, v.runScriptPort)};
    case Say::terminal: {
      const model::Terminal& terminal = patch.terminals.upserts.front();
      return model::TerminalChanged{terminal.id, terminal.state, terminal.title, {}};
    }
    case Say::auto_iteration:
      return model::AutoIterationStatusChanged{v.mode, v.autoIterationStatus};
    case Say::synced:
      return model::SourceSynced{project_id(s.project)};
    case Say::facts:
      break;
  }
  return model::SnapshotFacts{std::move(patch)};
}

std::string to_text(const Statement& s) {
  std::string text = "source " + std::to_string(s.source) + " " + std::string(say_name(s.say));
  text +=
      s.say == Say::synced ? " p" + std::to_string(s.project) : " w" + std::to_string(s.workspace);
  for (const Scalar& scalar : s.scalars) {
    text += " " + std::string(model::field_name(scalar.field)) + "=" + std::to_string(scalar.value);
  }
  for (const Element& element : s.elements) {
    text += " " + std::string(model::field_name(element.collection)) + "/" +
            std::to_string(element.id) +
            (element.removed ? " removed" : "=" + std::to_string(element.value));
  }
  s.whole.each([&](Field field) { text += " whole " + std::string(model::field_name(field)); });
  return text;
}

}  // namespace sb::sim
