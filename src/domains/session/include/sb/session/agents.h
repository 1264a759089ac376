#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/enums.h"
#include "sb/session/signals.h"

// The agents we understand, each behind its own adapter: their words in, ours out. All of them are
// version-tolerant: an event or a member they do not know is a sign of life and nothing more.

namespace sb::session {

/// One event of one session, as its agent tells it. The edge has neither order nor process yet.
struct AgentEvent {
  std::string session;    ///< the agent's own id
  std::string directory;  ///< where it works; empty when not told
  std::optional<std::string> name;
  std::optional<std::string> model;
  Edge edge;
};

struct Agent {
  std::string_view name;   ///< as in /hooks/{agent} and in session ids
  std::string_view alias;  ///< a second spelling; may be empty
  std::string_view title;  ///< for people
  std::optional<model::SessionProvider> provider;
  /// Its process runs one session at a time, so a start takes the process over from the one before.
  bool one_session_per_process = true;
  /// Reads one hook or event. An empty list: nothing of interest. Errors: invalid_argument.
  Result<std::vector<AgentEvent>> (*read)(const JsonValue& json) = nullptr;
};

[[nodiscard]] std::span<const Agent> agents();
/// By name or alias; null when unknown.
[[nodiscard]] const Agent* find_agent(std::string_view name);

Result<std::vector<AgentEvent>> read_claude_hook(const JsonValue& json);
Result<std::vector<AgentEvent>> read_codex_hook(const JsonValue& json);
Result<std::vector<AgentEvent>> read_gemini_hook(const JsonValue& json);
Result<std::vector<AgentEvent>> read_opencode_event(const JsonValue& json);
Result<std::vector<AgentEvent>> read_cursor_hook(const JsonValue& json);
Result<std::vector<AgentEvent>> read_acp_message(const JsonValue& json);

}  // namespace sb::session
