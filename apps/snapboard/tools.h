#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sb::app {

struct Board;

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 3;
inline constexpr int kExitTimeout = 124;

/// How a command prints.
enum class Output { text, json, quiet };

/// `snapboard status`: how many workspaces need you, work, or are done. Quiet: the first number
/// alone.
int status(const std::string& socket, Output output);
/// `snapboard list`: one line per workspace of every project, and below what is wrong with those
/// marked by "!" and with projects.
int list(const std::string& socket, Output output);

/// `snapboard list --archived`: the workspaces that were taken off the board and can come back.
int list_archived(const std::string& socket, Output output);

/// The board as text.
[[nodiscard]] std::string board_table(const Board& board);

struct EmitOptions {
  std::string type;
  std::string workspace;  ///< what a person calls it; its id where the event may create it
  bool names_workspace = false;
  std::string source = "snapboard-cli";
  std::string id;  ///< empty: random
  std::optional<std::string> sequence;
  std::string data = "{}";               ///< JSON object
  std::vector<std::string> assignments;  ///< KEY=VALUE, VALUE as JSON when it is, else as text
  bool json = false;
};
/// `snapboard emit`: sends one event and says how it was taken; a refusal with its place in it.
int emit(const std::string& socket, const EmitOptions& options);

}  // namespace sb::app
