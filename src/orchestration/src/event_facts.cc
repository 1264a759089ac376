#include "event_facts.h"

#include <utility>

namespace sb::orchestration {
namespace {

using model::FactPatch;
using model::Facts;

constexpr std::chrono::seconds kActivityStep{10};  // terminal activity moves in these steps

WallTime in_steps(WallTime time) {
  return WallTime(time.time_since_epoch() / kActivityStep * kActivityStep);
}

template <auto Member, class T>
void set_if(FactPatch& patch, Opinion<T>& opinion) {
  if (opinion) patch.set<Member>(*std::move(opinion));
}

// One overload per event type; the compiler names the one that is missing.
struct Mapper {
  const model::ExternalEvent& event;
  const snapshot::Store& store;
  WallTime wall;
  FactPatch& patch;

  void operator()(model::WorkspaceStateChanged& e) {
    patch.set<&Facts::projectId>(std::move(e.projectId));
    patch.set<&Facts::status>(e.status);
    set_if<&Facts::name>(patch, e.name);
    set_if<&Facts::branchName>(patch, e.branchName);
    if (e.createdAt) patch.set<&Facts::createdAt>(*e.createdAt);
    set_if<&Facts::worktreePath>(patch, e.worktreePath);
  }
  void operator()(model::WorkspaceUpdated& e) {
    set_if<&Facts::name>(patch, e.name);
    set_if<&Facts::branchName>(patch, e.branchName);
    set_if<&Facts::mode>(patch, e.mode);
    set_if<&Facts::autoIterationStatus>(patch, e.autoIterationStatus);
    set_if<&Facts::hasHadSessions>(patch, e.hasHadSessions);
  }
  void operator()(model::WorkspaceRemoved&) {}
  void operator()(model::SessionChanged& e) {
    patch.sessions.upserts.push_back(std::move(e.session));
  }
  void operator()(model::SessionRemoved& e) {
    patch.sessions.removals.push_back(std::move(e.sessionId));
  }
  void operator()(model::SessionActivityChanged& e) {
    const model::SessionSummary* known = store.session(event.workspace, e.sessionId);
    if (known == nullptr) {
      patch.set<&Facts::isWorking>(e.isWorking);
      patch.set<&Facts::hasHadSessions>(true);
      return;
    }
    model::SessionSummary session = *known;
    session.activity =
        e.isWorking ? model::SessionRuntimeActivity::WORKING : model::SessionRuntimeActivity::IDLE;
    session.runtimePhase =
        e.isWorking ? model::SessionRuntimePhase::running : model::SessionRuntimePhase::idle;
    session.activityKnown = true;
    session.updatedAt = wall;
    patch.sessions.upserts.push_back(std::move(session));
  }
  void operator()(model::SessionPendingRequestChanged& e) {
    if (e.pending) {
      patch.pending.upserts.push_back({e.sessionId, e.requestId, e.type, wall});
    } else {
      patch.pending.removals.push_back(model::pending_request_id(e.sessionId, e.requestId));
    }
  }
  void operator()(model::GithubPrSnapshotUpdated& e) {
    patch.set<&Facts::prNumber>(e.prNumber);
    patch.set<&Facts::prState>(e.prState);
    patch.set<&Facts::prCiStatus>(e.prCiStatus);
    set_if<&Facts::prUrl>(patch, e.prUrl);
    set_if<&Facts::prReviewState>(patch, e.prReviewState);
    set_if<&Facts::hasMergeConflict>(patch, e.hasMergeConflict);
    set_if<&Facts::prUpdatedAt>(patch, e.prUpdatedAt);
  }
  void operator()(model::GithubPrUrlAttached& e) { patch.set<&Facts::prUrl>(std::move(e.prUrl)); }
  void operator()(model::RatchetToggled& e) { patch.set<&Facts::ratchetEnabled>(e.enabled); }
  void operator()(model::RatchetStateChanged& e) {
    patch.set<&Facts::ratchetState>(e.ratchetState);
    set_if<&Facts::prCiStatus>(patch, e.prCiStatus);
  }
  void operator()(model::RatchetDispatchChanged& e) {
    patch.set<&Facts::ratchetDispatchOutcome>(e.ratchetDispatchOutcome);
    patch.set<&Facts::ratchetDispatchRetryCount>(e.ratchetDispatchRetryCount);
    patch.set<&Facts::ratchetDispatchStalled>(e.ratchetDispatchStalled);
  }
  void operator()(model::RunScriptStatusChanged& e) {
    patch.set<&Facts::runScriptStatus>(e.runScriptStatus);
    set_if<&Facts::runScriptPort>(patch, e.port);
  }
  void operator()(model::TerminalChanged& e) {
    const model::Terminal* known = store.terminal(event.workspace, e.terminalId);
    model::Terminal terminal = known != nullptr ? *known : model::Terminal{};
    terminal.id = e.terminalId;
    terminal.state = e.state;
    if (e.title) terminal.title = *e.title;
    if (e.lastActivityAt) terminal.lastActivityAt = *e.lastActivityAt;
    if (terminal.lastActivityAt) terminal.lastActivityAt = in_steps(*terminal.lastActivityAt);
    patch.terminals.upserts.push_back(std::move(terminal));
  }
  void operator()(model::AutoIterationStatusChanged& e) {
    patch.set<&Facts::mode>(e.mode);
    patch.set<&Facts::autoIterationStatus>(e.status);
  }
  void operator()(model::SourceSynced&) {}
  void operator()(model::SnapshotFacts& e) {
    patch = std::move(e.facts);
    for (model::Terminal& terminal : patch.terminals.upserts) {
      if (terminal.lastActivityAt) terminal.lastActivityAt = in_steps(*terminal.lastActivityAt);
    }
  }
};

}  // namespace

void to_facts(model::ExternalEvent& event, const snapshot::Store& store, WallTime wall,
              FactPatch& into) {
  std::visit(Mapper{event, store, wall, into}, event.data);
}

}  // namespace sb::orchestration
