#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/log.h"
#include "sb/transport/server.h"

namespace sb::app {

struct ServeOptions {
  std::string directory;  ///< the repository to adopt; empty: the one we stand in, if any
  std::string listen;     ///< HOST:PORT; empty: 127.0.0.1:7420 or the next free port
  std::string socket;     ///< empty: in the runtime directory
  std::string data_dir;   ///< empty: the XDG data directory
  transport::AuthMode auth = transport::AuthMode::token;
  std::vector<std::string> allow_origins;
  std::vector<std::string> allow_hosts;    ///< further Host headers
  std::vector<std::string> trusted_peers;  ///< blocks of addresses beyond loopback; empty: all
  bool trust_forwarded = false;            ///< take requests that a front end passes on
  /// Open connections; given by the user, it must fit the limit of open files.
  std::optional<std::size_t> connections_max;
  std::size_t connections_per_origin_max = transport::ServerConfig{}.connections_per_origin_max;
  std::size_t body_bytes_max = transport::ServerConfig{}.body_bytes_max;
  std::size_t header_bytes_max = transport::ServerConfig{}.header_bytes_max;
  std::size_t frame_bytes_max = transport::ServerConfig{}.frame_bytes_max;
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
  std::vector<std::string> given;  ///< the flags that another server, handed over to, ignores
  unsigned file_mask = 022;        ///< umask we were started with, for what we start for the user
};

/// Runs the server until a signal ends it. Answers the exit code: 2 for what was given and is no
/// good, 1 for what else goes wrong.
int serve(const ServeOptions& options);

}  // namespace sb::app
