#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "sb/core/clock.h"
#include "sb/core/process_identity.h"
#include "sb/model/enums.h"

// What is heard of a session, in words that fit every agent. Adapters translate into it, the state
// machine decides.

namespace sb::session {

/// What a hook or an event of an agent says: that something happened, not how things are.
enum class EdgeKind {
  started,      ///< begins, or goes on in a new process
  working,      ///< the agent works, and what it asked before is settled
  busy,         ///< the agent is in a turn; an open question stays open
  tool_begun,   ///< the actor uses a tool; what it asked before is settled
  tool_ended,   ///< that tool is through; what it asked for the tool is settled
  asks,         ///< waits for the user
  may_ask,      ///< a late word that the user is waited for; counts only when nothing is known
  answered,     ///< one request is settled
  turn_ended,   ///< waits for the next prompt
  turn_failed,  ///< the same, with an error
  call_failed,  ///< a call to the model failed; the turn failed if nothing follows
  ended,        ///< the session ends, and its process is about to
  handed_over,  ///< the session ends, its process goes on with another one
  sign_of_life  ///< tells nothing but that it lives
};

/// How a session is right after it started.
enum class Opening { starting, idle, working };

/// One edge. `order` is monotonic time in nanoseconds as the hook's process read it: edges may
/// arrive in another order than they happened. `actor` is empty for the session itself, else the id
/// of a sub-agent.
struct Edge {
  EdgeKind kind = EdgeKind::sign_of_life;
  std::uint64_t order = 0;
  ProcessIdentity process;  ///< of the agent; unknown when the hook does not tell
  std::string actor;
  Opening opening = Opening::starting;  ///< for `started`
  // For `asks`, `may_ask`, `answered` and the tool edges.
  model::PendingRequestType request_type = model::PendingRequestType::permission_request;
  std::string request_id;      ///< the agent's own name of the request; may be empty
  std::string tool_use;        ///< the agent's own name of this use of a tool; may be empty
  std::uint64_t tool_key = 0;  ///< hash of tool and input; 0: no tool
  std::string error;           ///< for `turn_failed` and `call_failed`
};

enum class LevelStatus { idle, busy, waiting, failed, gone };

/// How things are, read where the agent itself keeps it. `began` is taken before the read.
struct Level {
  LevelStatus status = LevelStatus::gone;  ///< gone: this source knows nothing of the session
  int rank = 0;                            ///< of its source; 0 is believed before 1
  MonoTime began{};
  model::PendingRequestType request_type = model::PendingRequestType::permission_request;
  std::string version;  ///< names this very status among those of the session, for instance a time
  std::string error;    ///< for `failed`
};

/// The process ended.
struct Exit {
  ProcessIdentity process;
  std::optional<std::int64_t> code;  ///< 128 + signal when a signal ended it
};

/// Time passed.
struct Tick {};

using Signal = std::variant<Edge, Level, Exit, Tick>;

}  // namespace sb::session
