#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/metrics.h"
#include "sb/core/result.h"
#include "sb/snapshot/store.h"
#include "sb/transport/event_loop.h"
#include "sb/transport/output_sink.h"
#include "sb/transport/ports.h"
#include "sb/transport/run_script_sink.h"
#include "sb/transport/terminal_sink.h"
#include "sb/transport/workspace_sink.h"

namespace sb::transport {

enum class AuthMode { token, none };

/// A static file of the web app, embedded in the binary. Views live as long as the process.
struct StaticFile {
  std::string_view path;  ///< "/index.html"
  std::string_view content_type;
  std::string_view bytes;
  std::string_view etag;   ///< without quotes
  bool immutable = false;  ///< hashed name: cache for ever
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7420;  ///< 0: any
  /// Next free port if taken: this many are tried (1 with an explicit `--listen`).
  std::uint16_t port_attempts = 10;
  std::string socket_path;  ///< empty: no Unix socket
  AuthMode auth = AuthMode::token;
  std::string token;                       ///< never logged
  std::vector<std::string> allow_origins;  ///< exact, besides our own; their hosts are allowed too
  /// Host headers besides loopback names and the bound address: "name" or "name:port".
  std::vector<std::string> allow_hosts;
  /// IPv4 blocks besides loopback; empty: beyond loopback the token decides.
  std::vector<std::string> trusted_peers;
  bool trust_forwarded = false;
  std::chrono::milliseconds coalesce{100};
  std::vector<StaticFile> static_files;
  bool io_uring = true;  ///< where the kernel lets us: many sends in one system call
  // Limits (protocol, section 1).
  std::size_t body_bytes_max = 1U << 20U;
  std::size_t header_bytes_max = 8U << 10U;
  std::size_t frame_bytes_max = 64U << 10U;  ///< inbound WebSocket message
  std::size_t connections_max = 10'000;
  std::size_t connections_per_origin_max = 1'000;
  /// A request's header and body must arrive within.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds keep_alive_timeout{75'000};  ///< between two requests
  /// A WebSocket peer that missed one pong is closed.
  std::chrono::milliseconds ping_interval{30'000};
  std::chrono::milliseconds stall_timeout{30'000};  ///< no byte drained: closed as slow (4408)
  std::chrono::milliseconds close_grace{5'000};     ///< for the peer to answer a close frame
};

struct ServerPorts {
  const snapshot::Store& store;
  EventSink& events;
  CommandSink& commands;
  ServerStatus& status;
  Metrics& metrics;
  const Clock& clock;
  Logger log;
  HookSink* hooks = nullptr;            ///< null: /hooks is not there
  RunScriptSink* run_script = nullptr;  ///< null: its routes are not there
  TerminalSink* terminals = nullptr;    ///< null: its route is not there
  WorkspaceSink* workspaces = nullptr;  ///< null: likewise
  OutputSink* fixers = nullptr;         ///< null: likewise
};

/// HTTP, WebSocket and the Unix socket of one server (protocol, sections 1 to 5).
/// Lifecycle: `listen`, then it serves while the loop runs; `shutdown` says goodbye (WebSocket
/// close 1001) and calls back when every connection is gone or the grace is over. Thread: confined
/// to the loop.
class Server {
 public:
  Server(EventLoop& loop, ServerConfig config, ServerPorts ports);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and starts accepting. Errors: unavailable (address in use, no permission),
  /// invalid_argument (not an address, or not loopback together with AuthMode::none).
  Result<void> listen();
  /// "http://127.0.0.1:7420", the address really bound.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;
  /// To be called after commits (Store::on_commit): lets every idle session look, once per loop
  /// turn.
  void store_changed();
  void shutdown(std::chrono::milliseconds grace, std::function<void()> done);

 private:
  std::shared_ptr<class ServerCore> core_;
};

}  // namespace sb::transport
