#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "machine_kit.h"

namespace sb::session {
namespace {

const std::vector<EdgeKind> kAllKinds{
    EdgeKind::started,     EdgeKind::working,     EdgeKind::busy,        EdgeKind::tool_begun,
    EdgeKind::tool_ended,  EdgeKind::asks,        EdgeKind::may_ask,     EdgeKind::answered,
    EdgeKind::turn_ended,  EdgeKind::turn_failed, EdgeKind::call_failed, EdgeKind::ended,
    EdgeKind::handed_over, EdgeKind::sign_of_life};
// Each of these says all there is to say, so the last one alone decides.
const std::vector<EdgeKind> kWholeKinds{EdgeKind::working, EdgeKind::asks, EdgeKind::turn_ended,
                                        EdgeKind::turn_failed};

Edge make_edge(EdgeKind kind, std::uint64_t order, int variant) {
  Edge edge;
  edge.kind = kind;
  edge.order = order;
  edge.process = Session::process(42);
  edge.actor = variant == 3 ? "helper" : "";
  edge.tool_use = "toolu_" + std::to_string(variant);
  edge.tool_key = static_cast<std::uint64_t>(variant) + 1;
  edge.error = "failed";
  return edge;
}

Signal any_signal(std::uint64_t order, MonoTime now) {
  switch (*rc::gen::inRange(0, 5)) {
    case 0: {
      Level level;
      level.status = *rc::gen::element(LevelStatus::idle, LevelStatus::busy, LevelStatus::waiting,
                                       LevelStatus::failed, LevelStatus::gone);
      level.rank = *rc::gen::inRange(0, 2);
      level.began = now - std::chrono::milliseconds(*rc::gen::inRange(0, 900));
      return level;
    }
    case 1:
      return Tick{};
    default:
      return make_edge(*rc::gen::elementOf(kAllKinds), order - *rc::gen::inRange(0UL, 3UL),
                       *rc::gen::inRange(0, 4));
  }
}

bool same(const SessionState& left, const SessionState& right) {
  return left.phase == right.phase && left.activity == right.activity &&
         left.activity_known == right.activity_known && left.requests == right.requests &&
         left.error == right.error;
}

RC_GTEST_PROP(MachineProperties, NothingOfTheSameProcessRevivesAnExitedSession, ()) {
  Session session;
  session.take(EdgeKind::working);
  session.take(Exit{Session::process(42), 137});
  const int count = *rc::gen::inRange(1, 30);
  for (int i = 0; i < count; ++i) {
    session.now.mono += std::chrono::milliseconds(*rc::gen::inRange(0, 20'000));
    session.take(any_signal(++session.order, session.now.mono));
    RC_ASSERT(session.state.process_state == SessionRuntimeProcessState::stopped);
    RC_ASSERT(session.state.activity == SessionRuntimeActivity::IDLE);
    RC_ASSERT(session.state.requests.empty());
    RC_ASSERT(session.state.last_exit.has_value());
    RC_ASSERT(!next_deadline(session.state));
  }
}

RC_GTEST_PROP(MachineProperties, TheOrderInWhichEdgesArriveDoesNotMatterNorDoRepeats, ()) {
  const int count = *rc::gen::inRange(1, 10);
  std::vector<Edge> edges;
  for (int i = 0; i < count; ++i) {
    edges.push_back(make_edge(*rc::gen::elementOf(kWholeKinds), 100U + static_cast<unsigned>(i),
                              *rc::gen::inRange(0, 3)));
  }
  std::vector<Edge> arriving = edges;
  for (const auto index : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, count))) {
    arriving.push_back(edges[static_cast<std::size_t>(index)]);
  }
  for (std::size_t i = arriving.size() - 1; i > 0; --i) {
    std::swap(arriving[i], arriving[*rc::gen::inRange<std::size_t>(0, i + 1)]);
  }
  Session in_order;
  Session shuffled;
  for (const Edge& edge : edges) in_order.take(edge);
  for (const Edge& edge : arriving) shuffled.take(edge);
  RC_ASSERT(same(in_order.state, shuffled.state));
}

RC_GTEST_PROP(MachineProperties, ALevelThatDidNotBeginAfterTheEdgeStoodNeverChangesTheState, ()) {
  Session session;
  const int count = *rc::gen::inRange(1, 12);
  for (int i = 0; i < count; ++i) {
    session.now.mono += std::chrono::milliseconds(*rc::gen::inRange(0, 2'000));
    session.take(any_signal(++session.order, session.now.mono));
  }
  session.take(make_edge(*rc::gen::elementOf(kAllKinds), ++session.order, 0));
  const SessionState before = session.state;
  Level level = std::get<Level>(Signal(Session::level(LevelStatus::busy, session.state.edge_at)));
  level.began += std::chrono::milliseconds(*rc::gen::inRange(-500, 300));
  session.take(level);
  RC_ASSERT(same(before, session.state));
}

RC_GTEST_PROP(MachineProperties, WorkAndStartsNeverOutliveTheirBoundWithoutAWord, ()) {
  Session session;
  const int count = *rc::gen::inRange(1, 20);
  for (int i = 0; i < count; ++i) {
    session.now.mono += std::chrono::milliseconds(*rc::gen::inRange(0, 2'000));
    session.take(any_signal(++session.order, session.now.mono));
  }
  for (int i = 0; i < 4; ++i) {
    const auto next = next_deadline(session.state);
    if (!next) break;
    RC_ASSERT(*next <= session.now.mono + kUnconfirmedMax);
    session.now.mono = std::max(session.now.mono, *next);
    RC_ASSERT(session.take(Tick{}));
  }
  RC_ASSERT(!next_deadline(session.state));
  RC_ASSERT(!session.working());
  RC_ASSERT(session.state.phase != SessionRuntimePhase::starting);
}

RC_GTEST_PROP(MachineProperties, RequestsStayBoundedAndTheirNamesApart, ()) {
  Session session;
  const int count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    session.now.mono += std::chrono::milliseconds(*rc::gen::inRange(0, 2'000));
    Signal signal = any_signal(++session.order, session.now.mono);
    if (auto* edge = std::get_if<Edge>(&signal)) edge->actor += std::to_string(i % 40);
    session.take(signal);
    RC_ASSERT(session.state.requests.size() <= kRequestsMax);
    RC_ASSERT(session.state.tools.size() <= kOpenToolsMax);
    RC_ASSERT(session.state.actors.size() <= kActorsMax);
  }
}

}  // namespace
}  // namespace sb::session
