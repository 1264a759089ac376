#include "step_statement.h"

#include <array>

namespace sb::snapshot {

using model::Field;
using sim::kNull;
using sim::Statement;

namespace {

/// A scalar a source may state by itself, how many values it takes, and whether null is one.
struct Sayable {
  Field field;
  int values;
  bool nullable = false;
};
constexpr std::array<Sayable, 27> kSayable{{
    {Field::name, 3},
    {Field::status, 5},
    {Field::isWorking, 2},
    {Field::pendingRequestType, 3, true},
    {Field::ratchetState, 7},
    {Field::ratchetEnabled, 2},
    {Field::hasHadSessions, 2},
    {Field::prCiStatus, 4},
    {Field::prState, 7},
    {Field::hasMergeConflict, 2},
    {Field::prReviewState, 2, true},
    {Field::prUpdatedAt, 3, true},
    {Field::branchName, 3, true},
    {Field::createdAt, 3},
    {Field::mode, 2},
    {Field::autoIterationStatus, 7, true},
    {Field::runScriptStatus, 6},
    {Field::runScriptPort, 3, true},
    {Field::gitStats, 3, true},
    {Field::ahead, 3, true},
    {Field::ratchetDispatchOutcome, 3, true},
    {Field::ratchetDispatchRetryCount, 3},
    {Field::ratchetDispatchStalled, 2},
    {Field::prHeadBranch, 2, true},
    {Field::lastActivityAt, 3, true},
    {Field::operation, 2, true},
    {Field::projectId, kStepProjects},
}};
static_assert(kSayable.size() == kStepPicks);

using Status = model::WorkspaceStatus;
constexpr std::array<Status, 5> kStatuses{Status::READY, Status::ARCHIVING, Status::FAILED,
                                          Status::NEW, Status::PROVISIONING};

void set_scalar(Statement& statement, const Sayable& sayable, int value) {
  if (sayable.field == Field::status) {
    const auto status = kStatuses.at(static_cast<std::size_t>(value % sayable.values));
    return statement.set(Field::status, static_cast<std::int64_t>(status));
  }
  const int choices = sayable.values + (sayable.nullable ? 1 : 0);
  const int choice = value % choices;
  statement.set(sayable.field, choice == sayable.values ? kNull : choice);
}

void add_session(Statement& statement, int id, int value) {
  const std::int64_t flags = (value * 11) % sim::kSessionFlags;
  statement.elements.push_back({Field::sessionSummaries, id, value * sim::kSessionFlags + flags});
}

// Requests and terminals of a whole list: those whose bit is set.
void add_listed(Statement& statement, Field collection, int count, int bits, int kinds) {
  statement.whole.insert(collection);
  for (int id = 0; id < count; ++id) {
    if ((bits >> id & 1) != 0) statement.elements.push_back({collection, id, bits % kinds});
  }
}

}  // namespace

Statement statement_of(const Step& step) {
  Statement s;
  s.source = step.source;
  s.workspace = step.workspace;
  const auto pick = static_cast<unsigned>(step.pick);
  switch (step.what) {
    case Do::scalar:
      set_scalar(s, kSayable.at(pick), step.value);
      if (step.value % 2 == 1) set_scalar(s, kSayable.at((pick + 1) % kStepPicks), step.value);
      break;
    case Do::pull_request:
      if ((pick & 1U) == 0) s.set(Field::prNumber, step.value % 3 == 2 ? kNull : step.value % 3);
      if ((pick & 1U) != 0) s.set(Field::prUrl, step.value % 3 == 2 ? kNull : step.value % 3);
      if ((pick & 2U) != 0) s.set(Field::prState, step.value % 7);
      if ((pick & 4U) != 0) s.set(Field::prCiStatus, step.value % 4);
      if ((pick & 8U) != 0) s.set(Field::prReviewState, step.value % 2);
      break;
    case Do::session:
      add_session(s, step.pick % 2, step.value);
      break;
    case Do::session_removed:
      s.elements.push_back({Field::sessionSummaries, step.pick % 2, 0, true});
      break;
    case Do::session_list:
      s.whole.insert(Field::sessionSummaries);
      for (int id = 0; id < 2; ++id) {
        if ((pick >> id & 1U) != 0) add_session(s, id, step.value);
      }
      break;
    case Do::request:
      s.elements.push_back(
          {Field::pendingRequests, step.pick % 4, step.value % 3, step.pick >= kStepPicks / 2});
      break;
    case Do::request_list:
      add_listed(s, Field::pendingRequests, 4, step.value, 3);
      break;
    case Do::terminal:
      s.elements.push_back({Field::terminals, step.pick % 2, step.value});
      break;
    case Do::terminal_list:
      add_listed(s, Field::terminals, 2, step.value, sim::kTerminalFlags);
      break;
    default:  // a state: what creates
      s.set(Field::projectId, step.project);
      set_scalar(s, {Field::status, 5}, step.value);
      if (step.pick % 3 == 1) s.set(Field::name, step.value);
      if (step.pick % 3 == 2) s.set(Field::createdAt, step.value % 3);
  }
  return s;
}

}  // namespace sb::snapshot
