#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sb/core/process_identity.h"
#include "sb/session/signals.h"

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

}  // namespace sb::session
