#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sb/core/process_identity.h"
#include "sb/session/signals.h"

namespace sb::http_client {
class Client;
}

namespace sb::session {

/// Which session to look up.
struct LevelQuery {
  std::string agent_session;
  ProcessIdentity process;
  std::string config_directory;  ///< empty: the usual one
};

/// Where one agent keeps how things are. The formats are not documented by the agents: whatever
/// looks unfamiliar is no opinion. Thread: `file` is confined to the loop, `read` blocks and runs
/// on a worker.
class LevelSource {
 public:
  virtual ~LevelSource() = default;
  /// Empty: it may know of sessions of every agent.
  [[nodiscard]] virtual std::string_view agent() const = 0;
  [[nodiscard]] virtual int rank() const = 0;
  /// True when a change of what it says is told to us, so that nobody has to look.
  [[nodiscard]] virtual bool pushed() const { return false; }
  /// The file whose change is a hint; empty when there is none for this session.
  [[nodiscard]] virtual std::string file(const LevelQuery& query) const = 0;
  /// `began` is left to the caller. Status gone: it knows nothing of the session now.
  [[nodiscard]] virtual Level read(const LevelQuery& query) const = 0;
};

/// Claude Code's `sessions/<pid>.json` in its configuration directory (2.1; the format is its own
/// business). `config_directory`: of sessions that do not tell theirs.
class ClaudeStatusFile final : public LevelSource {
 public:
  explicit ClaudeStatusFile(std::string config_directory)
      : config_directory_(std::move(config_directory)) {}
  [[nodiscard]] std::string_view agent() const override { return "claude"; }
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] std::string file(const LevelQuery& query) const override;
  [[nodiscard]] Level read(const LevelQuery& query) const override;
  /// The text of such a file. Pure.
  [[nodiscard]] static Level parse(std::string_view text, const LevelQuery& query);

 private:
  std::string config_directory_;
};

/// The daemon behind the Codex terminals of a user, over its socket in the configuration directory
/// (0.169; experimental, read only). `config_directory`: of sessions that do not tell theirs.
class CodexDaemon final : public LevelSource {
 public:
  explicit CodexDaemon(std::string config_directory)
      : config_directory_(std::move(config_directory)) {}
  [[nodiscard]] std::string_view agent() const override { return "codex"; }
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] std::string file(const LevelQuery&) const override { return {}; }
  [[nodiscard]] Level read(const LevelQuery& query) const override;
  /// An answer to `thread/read`. Pure.
  [[nodiscard]] static Level parse(std::string_view text, const LevelQuery& query);

 private:
  std::string config_directory_;
};

/// The server in an OpenCode process, over HTTP on this machine (1.18). Borrows the client.
class OpencodeServer final : public LevelSource {
 public:
  explicit OpencodeServer(http_client::Client& http) : http_(&http) {}
  [[nodiscard]] std::string_view agent() const override { return "opencode"; }
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] std::string file(const LevelQuery&) const override { return {}; }
  [[nodiscard]] Level read(const LevelQuery& query) const override;
  /// The text of `/session/status`: how the session is; nothing when it is not such a text. Pure.
  [[nodiscard]] static std::optional<LevelStatus> parse_status(std::string_view text,
                                                               const std::string& session);
  /// The text of `/permission` or `/question`: whether one of the session is open. Pure.
  [[nodiscard]] static bool asks(std::string_view text, const std::string& session);

 private:
  http_client::Client* http_;
};

}  // namespace sb::session
