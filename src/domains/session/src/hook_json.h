#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/session/agents.h"

// What all adapters need to read hook JSON.

namespace sb::session {

inline constexpr std::size_t kTextBytesMax = 200;  // of a name or an error shown to people

/// A string member, cut to `kIdBytesMax`; empty when absent or no string.
[[nodiscard]] std::string text_of(const JsonValue& json, std::string_view key);
/// The same, nothing when absent or empty, cut to kTextBytesMax.
[[nodiscard]] std::optional<std::string> short_text_of(const JsonValue& json, std::string_view key);
/// A path member, never cut.
[[nodiscard]] std::string path_of(const JsonValue& json, std::string_view key);

/// One event of an agent and what it comes to.
struct HookRow {
  std::string_view event;
  EdgeKind kind;
};
/// An event the table does not name is a sign of life.
[[nodiscard]] EdgeKind kind_of(std::span<const HookRow> rows, std::string_view event);

/// Tells two uses of tools apart by name and input; never 0.
[[nodiscard]] std::uint64_t tool_key(const JsonValue& json);

/// An event with session and directory filled in. Errors: invalid_argument without a session id.
[[nodiscard]] Result<AgentEvent> begin_event(const JsonValue& json, std::string_view session_key,
                                             std::string_view directory_key);

/// `begins` with the tool members of Claude's shape: tool_name, tool_input, tool_use_id.
void read_tool(const JsonValue& json, Edge& edge);

[[nodiscard]] inline std::vector<AgentEvent> just(AgentEvent event) {
  std::vector<AgentEvent> list;
  list.push_back(std::move(event));
  return list;
}

}  // namespace sb::session
