#pragma once

#include <string>
#include <utility>

#include "sb/session/machine.h"

namespace sb::session {

using model::PendingRequestType;
using model::SessionRuntimeActivity;
using model::SessionRuntimePhase;
using model::SessionRuntimeProcessState;

/// One session and the time of its world: every edge happens and arrives a second after the last.
class Session {
 public:
  static ProcessIdentity process(std::int32_t pid) { return {"boot", pid, 7}; }

  Edge edge(EdgeKind kind) {
    Edge made;
    made.kind = kind;
    made.order = ++order;
    made.process = process(42);
    return made;
  }
  Edge ask(PendingRequestType type, std::string tool_use = "toolu_1") {
    Edge made = edge(EdgeKind::asks);
    made.request_type = type;
    made.tool_use = std::move(tool_use);
    made.tool_key = 9;
    return made;
  }
  static Level level(LevelStatus status, MonoTime began, std::string version = "1") {
    Level made;
    made.status = status;
    made.began = began;
    made.version = std::move(version);
    return made;
  }
  bool take(const Signal& signal) { return step(state, signal, now); }
  bool take(EdgeKind kind) {
    now.mono += std::chrono::seconds(1);
    return take(edge(kind));
  }
  /// A level read long after the last edge.
  bool read(LevelStatus status, std::string version = "1") {
    now.mono += std::chrono::seconds(1);
    return take(level(status, now.mono, std::move(version)));
  }
  void pass(std::chrono::nanoseconds time) {
    now.mono += time;
    take(Tick{});
  }

  [[nodiscard]] bool working() const {
    return state.activity_known && state.activity == SessionRuntimeActivity::WORKING;
  }
  [[nodiscard]] bool idle() const {
    return state.activity_known && state.activity == SessionRuntimeActivity::IDLE &&
           state.phase == SessionRuntimePhase::idle;
  }

  SessionState state;
  Now now{MonoTime(std::chrono::hours(1)), {}};
  std::uint64_t order = 100;
};

}  // namespace sb::session
