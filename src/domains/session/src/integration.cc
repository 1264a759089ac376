#include "sb/session/integration.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "sb/core/json_writer.h"
#include "sb/session/agents.h"

#include "json_edit.h"

namespace sb::session {
namespace {

// How a hook is written down. Claude Code takes words, the others a line for a shell.
enum class Shape { words, line, bare_line, module };

struct Integration {
  IntegrationPlace place;
  Shape shape;
  std::string_view timeout;  // in the agent's own unit; empty: it has none
  std::span<const std::string_view> events;
};

constexpr std::array<std::string_view, 10> kClaudeEvents{
    "SessionStart",       "SessionEnd",        "UserPromptSubmit", "PreToolUse", "PostToolUse",
    "PostToolUseFailure", "PermissionRequest", "Notification",     "Stop",       "StopFailure"};
constexpr std::array<std::string_view, 9> kCodexEvents{
    "SessionStart",      "SessionEnd",  "UserPromptSubmit", "PreToolUse",
    "PermissionRequest", "PostToolUse", "PostModelRequest", "Stop",
    "Interrupt"};
constexpr std::array<std::string_view, 7> kGeminiEvents{"SessionStart", "SessionEnd", "BeforeAgent",
                                                        "AfterAgent",   "BeforeTool", "AfterTool",
                                                        "Notification"};
// One name it does not know voids Cursor's whole file: only what it has had for long.
constexpr std::array<std::string_view, 6> kCursorEvents{
    "sessionStart", "sessionEnd", "beforeSubmitPrompt", "preToolUse", "postToolUse", "stop"};

constexpr std::array<Integration, 5> kIntegrations{
    Integration{{"claude", "CLAUDE_CONFIG_DIR", ".claude", "settings.json",
                 ".claude/settings.local.json", ""},
                Shape::words,
                "2",
                kClaudeEvents},
    Integration{{"codex", "CODEX_HOME", ".codex", "hooks.json", ".codex/hooks.json",
                 "Codex asks once whether it may trust new hooks: /hooks shows them."},
                Shape::line,
                "2",
                kCodexEvents},
    Integration{{"gemini", "", ".gemini", "settings.json", ".gemini/settings.json", ""},
                Shape::line,
                "2000",
                kGeminiEvents},
    Integration{{"opencode", "", ".config/opencode", "plugin/snapboard.js",
                 ".opencode/plugin/snapboard.js", ""},
                Shape::module,
                "",
                {}},
    Integration{{"cursor", "", ".cursor", "hooks.json", ".cursor/hooks.json",
                 "Cursor never tells that it waits for you."},
                Shape::bare_line,
                "",
                kCursorEvents},
};

constexpr std::string_view kModuleMark = "// Of snapboard: ";

const Integration* find(std::string_view agent) {
  const Agent* known = find_agent(agent);
  const auto found = std::find_if(
      kIntegrations.begin(), kIntegrations.end(),
      [&](const Integration& one) { return known != nullptr && one.place.agent == known->name; });
  return found == kIntegrations.end() ? nullptr : &*found;
}

tl::unexpected<Error> no_such_agent(std::string_view agent) {
  return fail(ErrorCode::not_found, "no integration for an agent called " + std::string(agent));
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// As one word of a POSIX shell.
std::string quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  if (word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string entry_of(const Integration& integration, std::string_view program) {
  const std::string agent(integration.place.agent);
  if (integration.shape == Shape::bare_line) {
    return "{ \"command\": " + json_text(quoted(program) + " hook " + agent) + " }";
  }
  std::string hook = "{\n      \"type\": \"command\",\n      \"command\": ";
  if (integration.shape == Shape::words) {
    hook += json_text(program) + ",\n      \"args\": [\"hook\", " + json_text(agent) + "]";
  } else {
    hook += json_text(quoted(program) + " hook " + agent);
  }
  hook += ",\n      \"timeout\": " + std::string(integration.timeout) + "\n    }";
  return "{\n  \"hooks\": [\n    " + hook + "\n  ]\n}";
}

std::string module_of(std::string_view program) {
  std::string text(kModuleMark);
  text +=
      R"(tells the board what happens in each session. "snapboard integrate opencode --remove" takes it away.
import { spawn } from "node:child_process"

const program = )" +
      json_text(program) + R"(
const told = /^(session\.(created|status|idle|error|deleted|updated)|permission\.|question\.)/

function tell(event) {
  return new Promise((done) => {
    try {
      const hook = spawn(program, ["hook", "opencode"], { stdio: ["pipe", "ignore", "ignore"] })
      hook.on("error", done)
      hook.on("exit", done)
      hook.stdin.on("error", () => {})
      hook.stdin.end(JSON.stringify(event))
    } catch {
      done()
    }
  })
}

export const Snapboard = async ({ directory }) => {
  let last = Promise.resolve()
  return {
    event: async ({ event }) => {
      if (!told.test(event.type)) return
      const { type, properties } = event
      last = last.then(() => tell({ type, properties, directory }))
    },
  }
}
)";
  return text;
}

bool is_string(const JsonEdit& edit, const JsonEdit::Node* node, std::string_view text) {
  return node != nullptr && edit.text(*node) == json_text(text);
}

// A handler is ours when it runs "… hook <agent>".
bool is_ours(const JsonEdit& edit, const JsonEdit::Node& handler, std::string_view agent) {
  const auto* command = handler.find("command");
  if (command == nullptr || command->first != '"') return false;
  const std::string_view line = edit.text(*command);
  if (const auto* args = handler.find("args")) {
    return line.find("snapboard") != std::string_view::npos && args->items.size() == 2 &&
           is_string(edit, args->items.data(), "hook") && is_string(edit, &args->items[1], agent);
  }
  return line.find("snapboard") != std::string_view::npos &&
         line.ends_with(" hook " + std::string(agent) + "\"");
}

// Takes the first of our handlers out, and what it leaves empty. False: there is none.
bool remove_one(JsonEdit& edit, std::string_view agent) {
  const auto* hooks = edit.root().find("hooks");
  if (hooks == nullptr) return false;
  for (std::size_t e = 0; e < hooks->members.size(); ++e) {
    const auto& groups = hooks->members[e].value;
    for (std::size_t g = 0; g < groups.items.size(); ++g) {
      const auto& group = groups.items[g];
      const auto* handlers = group.find("hooks");
      std::optional<std::size_t> inner;
      for (std::size_t h = 0; handlers != nullptr && h < handlers->items.size(); ++h) {
        if (is_ours(edit, handlers->items[h], agent)) inner = h;
      }
      if (!inner && !is_ours(edit, group, agent)) continue;
      if (inner && handlers->items.size() > 1) {
        edit.remove_child(*handlers, *inner);
      } else if (groups.items.size() > 1) {
        edit.remove_child(groups, g);
      } else if (hooks->members.size() > 1) {
        edit.remove_child(*hooks, e);
      } else {
        for (std::size_t m = 0; m < edit.root().members.size(); ++m) {
          if (&edit.root().members[m].value == hooks) {
            edit.remove_child(edit.root(), m);
            break;
          }
        }
      }
      return true;
    }
  }
  return false;
}

Result<JsonEdit> without_ours(const Integration& integration, std::string text) {
  SB_TRY(JsonEdit edit, JsonEdit::parse(std::move(text)));
  if (const auto* hooks = edit.root().find("hooks"); hooks != nullptr) {
    if (hooks->first != '{') {
      return fail(ErrorCode::invalid_argument, "hooks is not an object", "$.hooks");
    }
    for (const auto& [event, groups] : hooks->members) {
      if (groups.first == '[') continue;
      return fail(ErrorCode::invalid_argument, "not an array", "$.hooks." + std::string(event));
    }
  }
  while (remove_one(edit, integration.place.agent)) {
  }
  return edit;
}

// True when the text holds our hooks as we would write them now, and nothing else of ours.
bool is_current(const Integration& integration, const JsonEdit& edit, std::string_view program) {
  const auto* hooks = edit.root().find("hooks");
  if (hooks == nullptr) return false;
  const auto squeezed = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
    }
    return out;
  };
  const std::string wanted = squeezed(entry_of(integration, program));
  std::size_t found = 0;
  std::size_t ours = 0;
  for (const auto& [event, groups] : hooks->members) {
    const bool asked = std::find(integration.events.begin(), integration.events.end(), event) !=
                       integration.events.end();
    for (const auto& group : groups.items) {
      if (asked && squeezed(edit.text(group)) == wanted) ++found;
      if (is_ours(edit, group, integration.place.agent)) ++ours;
      const auto* handlers = group.find("hooks");
      if (handlers == nullptr) continue;
      for (const auto& handler : handlers->items) {
        if (is_ours(edit, handler, integration.place.agent)) ++ours;
      }
    }
  }
  return found == integration.events.size() && ours == found;
}

bool is_our_module(std::string_view text) {
  return text.starts_with(kModuleMark);
}

}  // namespace

const IntegrationPlace* find_integration(std::string_view agent) {
  const Integration* integration = find(agent);
  return integration == nullptr ? nullptr : &integration->place;
}

Result<std::string> integrate(std::string_view agent, std::string text, std::string_view program) {
  const Integration* integration = find(agent);
  if (integration == nullptr) return no_such_agent(agent);
  if (integration->shape == Shape::module) {
    if (!text.empty() && !is_our_module(text)) {
      return fail(ErrorCode::invalid_argument, "the file is not ours", "$");
    }
    return module_of(program);
  }
  SB_TRY(const JsonEdit given, JsonEdit::parse(text));
  if (is_current(*integration, given, program)) return text;
  SB_TRY(JsonEdit edit, without_ours(*integration, std::move(text)));
  if (integration->shape == Shape::bare_line && edit.root().find("version") == nullptr) {
    edit.append_member(edit.root(), "version", "1");
  }
  if (edit.root().find("hooks") == nullptr) edit.append_member(edit.root(), "hooks", "{}");
  const std::string entry = entry_of(*integration, program);
  for (const std::string_view event : integration->events) {
    if (edit.root().find("hooks")->find(event) == nullptr) {
      edit.append_member(*edit.root().find("hooks"), event, "[]");
    }
    edit.append_item(*edit.root().find("hooks")->find(event), entry);
  }
  return edit.text();
}

Result<std::string> disintegrate(std::string_view agent, std::string text) {
  const Integration* integration = find(agent);
  if (integration == nullptr) return no_such_agent(agent);
  if (integration->shape == Shape::module) return is_our_module(text) ? std::string() : text;
  SB_TRY(const JsonEdit edit, without_ours(*integration, text));
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank || edit.text() == text) return text;  // nothing of ours is in it: all of it is theirs
  const auto& root = edit.root();
  const bool only_version = root.members.size() == 1 && root.find("version") != nullptr;
  const bool nothing =
      root.members.empty() || (integration->shape == Shape::bare_line && only_version);
  return nothing ? std::string() : edit.text();
}

}  // namespace sb::session
