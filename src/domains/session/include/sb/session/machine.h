#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/elements.h"
#include "sb/session/signals.h"

// The rules of one agent session (architecture, section 7; contract, sections 6 and 7), pure.

namespace sb::session {

// A status an agent keeps lags behind what its hooks say, so an edge stands this long against it.
inline constexpr std::chrono::milliseconds kEdgeStands{300};
// "Works" or "waits" without any word for so long becomes unknown: a crash between two hooks.
inline constexpr std::chrono::seconds kUnconfirmedMax{60};
// A started session that says nothing more waits for its first prompt.
inline constexpr std::chrono::seconds kStartingMax{10};
// A failed call that is not tried again within this time has failed the turn.
inline constexpr std::chrono::seconds kFailureStands{2};
inline constexpr std::size_t kRequestsMax = 16;   // open requests of a session, one per actor
inline constexpr std::size_t kOpenToolsMax = 32;  // uses of tools remembered to name requests
inline constexpr std::size_t kActorsMax = 32;     // sub-agents whose order is remembered

/// A question to the user. An actor asks one thing at a time.
struct Request {
  std::string id;  ///< unique in the session and stable: attention is asked for once per id
  model::PendingRequestType type = model::PendingRequestType::permission_request;
  WallTime at{};
  std::string actor;
  std::string tool_use;
  std::uint64_t tool_key = 0;
  bool guessed = false;  ///< from a level or a late word: the agent named no request
  friend bool operator==(const Request&, const Request&) = default;
};

/// What is kept of one session, and shown.
struct SessionFacts {
  model::SessionRuntimePhase phase = model::SessionRuntimePhase::idle;
  model::SessionRuntimeProcessState process_state = model::SessionRuntimeProcessState::unknown;
  model::SessionRuntimeActivity activity = model::SessionRuntimeActivity::IDLE;
  bool activity_known = false;
  std::optional<model::LastExit> last_exit;
  std::optional<std::string> error;
  std::vector<Request> requests;

  ProcessIdentity process;
  bool ended = false;       ///< nothing but a new start changes it
  bool end_seen = false;    ///< it said goodbye, so its exit is expected
  std::uint64_t order = 0;  ///< of the session's own last edge
  friend bool operator==(const SessionFacts&, const SessionFacts&) = default;
};

/// The same with what only this life of the server knows. Copied freely.
struct SessionState : SessionFacts {
  MonoTime edge_at{};  ///< arrival of the last edge
  MonoTime word_at{};  ///< last edge, or level that was believed
  std::optional<MonoTime> starting_since;
  std::optional<MonoTime> failing_since;
  std::string failure;
  std::optional<int> level_rank;  ///< of the best source that ever told a level
  struct OpenTool {
    std::string id;
    std::string actor;
    std::uint64_t key = 0;
  };
  std::vector<OpenTool> tools;
  std::optional<Request> shelved;  ///< settled without a word for it: the level may know better
  struct Actor {
    std::string id;
    std::uint64_t order = 0;
  };
  std::vector<Actor> actors;
};

struct Now {
  MonoTime mono{};
  WallTime wall{};
};

/// One step: exit beats everything; then a level whose read began after the last edge stood; then
/// the last edge. A late edge changes nothing, and nothing but a start of another process revives a
/// session that ended. True when the signal was taken.
bool step(SessionState& state, const Signal& signal, const Now& now);

/// When a Tick would change the state; nothing while time alone changes nothing.
[[nodiscard]] std::optional<MonoTime> next_deadline(const SessionState& state);

/// True while the level is worth reading again and again.
[[nodiscard]] bool needs_level(const SessionState& state);

}  // namespace sb::session
