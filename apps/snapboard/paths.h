#pragma once

#include <string>

#include "sb/core/result.h"

namespace sb::app {

/// `$XDG_RUNTIME_DIR/snapboard`, else `/tmp/snapboard-<uid>`: made 0700, refused when owned by
/// somebody else. A relative value is ignored (XDG base directory specification).
Result<std::string> runtime_dir();

/// The Unix socket of the server unless `--socket` says otherwise.
Result<std::string> default_socket_path();
/// `$VARIABLE` when it is an absolute path, else `below_home` in the home directory. Empty when
/// neither is known.
std::string config_dir(const std::string& variable, const std::string& below_home);
/// Where Claude Code keeps its settings and what it tells of its sessions: `$CLAUDE_CONFIG_DIR`,
/// else `~/.claude`. Empty when neither is known.
std::string claude_config_dir();
/// The same of Codex: `$CODEX_HOME`, else `~/.codex`.
std::string codex_home_dir();

}  // namespace sb::app
