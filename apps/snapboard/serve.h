#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sb/core/log.h"
#include "sb/transport/server.h"

namespace sb::app {

struct ServeOptions {
  std::string directory = ".";  ///< the repository to adopt
  std::string listen;           ///< HOST:PORT; empty: 127.0.0.1:7420 or the next free port
  std::string socket;           ///< empty: in the runtime directory
  std::string data_dir;         ///< empty: the XDG data directory
  transport::AuthMode auth = transport::AuthMode::token;
  std::vector<std::string> allow_origins;
  std::size_t workspaces_max = 500;
  std::chrono::milliseconds coalesce{100};
  std::string worktrees_dir;  ///< for new worktrees; empty: beside each repository
  std::string setup_script;   ///< where a repository configures none; empty: none then
  std::chrono::milliseconds setup_timeout{600'000};
  bool open_browser = true;
  bool adopt = true;
  bool tmux = true;  ///< look at the panes of the user's tmux
  bool print_ready = false;
  LogFormat log_format = LogFormat::text;
  LogLevel log_level = LogLevel::info;
  unsigned file_mask = 022;  ///< umask we were started with, for what we start for the user
};

/// Runs the server until a signal ends it. Answers the exit code.
int serve(const ServeOptions& options);

}  // namespace sb::app
