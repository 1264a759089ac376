#include "run_command.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/core/percent.h"

#include "board.h"
#include "local_api.h"
#include "local_client.h"
#include "tools.h"

namespace sb::app {
namespace {

constexpr int kHttpOk = 200;
constexpr std::chrono::seconds kCommandPatience{60};  // a stop waits for TERM, the grace and KILL
constexpr std::chrono::seconds kFollowPatience{60};   // above the wait of one request
constexpr const char* kFollowWaitMs = "25000";

Result<BoardRow> workspace_at(const std::string& socket, const std::string& text) {
  SB_TRY(const Board board, read_board(socket));
  return find_workspace(board.rows, text);
}

Error problem_of(const LocalResponse& answer) {
  return {ErrorCode::internal, problem_text(answer.body), {}};
}

}  // namespace

int run(const RunOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto workspace = workspace_at(*socket, options.workspace);
  if (!workspace) return report(workspace.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("action").string(options.stop ? "stop" : "start");
  if (!options.command.empty()) json.key("command").raw(to_json(options.command));
  json.end_object();
  const auto answer = local_request(
      *socket, "POST", "/api/workspaces/" + percent_encode(workspace->id) + "/run-script", body,
      "application/json", kCommandPatience);
  if (!answer) return report(answer.error());
  if (answer->status != kHttpOk) return report(problem_of(*answer));
  JsonDocument document;
  const auto state = document.parse(answer->body);
  if (!state) return report(state.error());
  const std::string status = text_of(*state, "runScriptStatus");
  std::printf("%s: %s\n", workspace->name.c_str(), status.c_str());
  return status == "FAILED" && !options.stop ? kExitFailed : kExitOk;
}

int ratchet(const RatchetSwitch& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto workspace = workspace_at(*socket, options.workspace);
  if (!workspace) return report(workspace.error());
  std::string body;
  JsonWriter(body).begin_object().key("enabled").boolean(options.position == "on").end_object();
  const auto answer = local_request(*socket, "POST",
                                    "/api/workspaces/" + percent_encode(workspace->id) + "/ratchet",
                                    body, "application/json");
  if (!answer) return report(answer.error());
  if (answer->status != kHttpOk) return report(problem_of(*answer));
  std::printf("%s: auto-fix is %s\n", workspace->name.c_str(), options.position.c_str());
  return kExitOk;
}

int logs(const LogsOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto workspace = workspace_at(*socket, options.workspace);
  if (!workspace) return report(workspace.error());
  const std::string output = "/api/workspaces/" + percent_encode(workspace->id) +
                             (options.fixer ? "/fixer" : "/run-script") + "/output?from=";
  std::int64_t next = 0;
  while (true) {
    const std::string target = output + std::to_string(next) +
                               (options.follow ? std::string("&waitMs=") + kFollowWaitMs : "");
    const auto answer = local_request(*socket, "GET", target, {}, {}, kFollowPatience);
    if (!answer) return report(answer.error());
    if (answer->status != kHttpOk) return report(problem_of(*answer));
    JsonDocument document;
    const auto piece = document.parse(answer->body);
    if (!piece) return report(piece.error());
    const auto member = piece->find("text");
    const std::string_view text = member ? member->as_string().value_or("") : "";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    const auto position = piece->find("next");
    next = position ? position->as_int().value_or(next) : next;
    const auto over = piece->find("over");
    if (over && over->as_bool().value_or(false)) return kExitOk;
    if (!options.follow && text.empty()) return kExitOk;
  }
}

}  // namespace sb::app
