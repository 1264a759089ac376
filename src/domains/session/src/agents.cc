#include "sb/session/agents.h"

#include <array>

namespace sb::session {
namespace {

Result<std::vector<AgentEvent>> refuse_hooks(const JsonValue&) {
  return fail(ErrorCode::invalid_argument, "programs are heard through their terminals");
}

// Codex runs all threads of a user in one daemon. The last one is any program that speaks on its
// terminal and has no hooks (program_status.h).
const std::array<Agent, 7> kAgents{{
    {"claude", "claude-code", "Claude Code", model::SessionProvider::CLAUDE, true,
     read_claude_hook},
    {"codex", "", "Codex", model::SessionProvider::CODEX, false, read_codex_hook},
    {"gemini", "gemini-cli", "Gemini CLI", std::nullopt, true, read_gemini_hook},
    {"opencode", "", "OpenCode", std::nullopt, false, read_opencode_event},
    {"cursor", "cursor-agent", "Cursor", std::nullopt, false, read_cursor_hook},
    {"acp", "", "ACP agent", std::nullopt, false, read_acp_message},
    {"terminal", "", "Program", std::nullopt, true, refuse_hooks},
}};

}  // namespace

std::span<const Agent> agents() {
  return kAgents;
}

const Agent* find_agent(std::string_view name) {
  for (const Agent& agent : kAgents) {
    if (agent.name == name || (!agent.alias.empty() && agent.alias == name)) return &agent;
  }
  return nullptr;
}

}  // namespace sb::session
