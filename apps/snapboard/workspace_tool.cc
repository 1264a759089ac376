#include "workspace_tool.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "sb/core/json_writer.h"
#include "sb/core/percent.h"

#include "board.h"
#include "local_api.h"
#include "local_client.h"
#include "project_tool.h"

namespace sb::app {
namespace {

constexpr int kHttpClass = 100;
constexpr int kSuccess = 2;                         // of 2xx
constexpr std::chrono::seconds kPatience{900};      // git and what has to end may take their time
constexpr std::chrono::milliseconds kLook{60'000};  // at the board, at least this often
constexpr std::string_view kSettingUp = "SETTING_UP";
constexpr std::string_view kSetupFailed = "SETUP_FAILED";

int no_name() {
  return report({ErrorCode::invalid_argument, "the name is empty", {}});
}

Result<std::string> command(const std::string& socket, const std::string& method,
                            const std::string& target, const std::string& body) {
  SB_TRY(const auto answer, local_request(socket, method, target, body,
                                          body.empty() ? "" : "application/json", kPatience));
  if (answer.status / kHttpClass == kSuccess) return answer.body;
  return fail(ErrorCode::internal, problem_text(answer.body));
}

Result<BoardRow> named(const std::string& socket, const std::string& text, Naming naming) {
  SB_TRY(const Board board, read_board(socket));
  return find_workspace(board.rows, text, naming);
}

Result<std::string> archived_id(const std::string& socket, const std::string& text) {
  SB_TRY(const Archive archive, read_archive(socket));
  auto row = find_archived(archive, text);
  if (row) return row->id;
  if (row.error().code != ErrorCode::not_found) return std::move(row).error();
  if (!archive.complete) return text;  // the id of one that is not listed
  const auto shown = named(socket, text, Naming::loose);
  if (shown) return fail(ErrorCode::conflict, shown->name + " is on the board: it is not archived");
  return std::move(row).error();
}

/// What is said of a workspace that was made or set up again.
void print_state(const WorkspaceOptions& options, const std::string& answer, const char* verb) {
  if (options.json) {
    std::printf("%s\n", answer.c_str());
    return;
  }
  JsonDocument document;
  const auto state = document.parse(answer);
  if (!state) return;
  const std::string branch = text_of(*state, "branchName");
  std::printf("%s %s\n  %s\n  %s\n", text_of(*state, "name").c_str(), verb,
              branch.empty() ? "detached HEAD" : ("branch " + branch).c_str(),
              text_of(*state, "worktreePath").c_str());
}

/// Until the set-up ended. Answers the exit code.
int wait_for_setup(const std::string& socket, const std::string& id) {
  for (;;) {
    const auto board = read_board(socket);
    if (!board) return report(board.error());
    const BoardRow* row = nullptr;
    for (const BoardRow& one : board->rows) {
      if (one.id == id) row = &one;
    }
    if (row == nullptr) {
      return report({ErrorCode::not_found, "the workspace is gone", {}});
    }
    if (row->code == kSetupFailed) {
      std::fprintf(stderr, "snapboard: %s\n",
                   row->problem.empty() ? "The set-up failed." : row->problem.c_str());
      return kExitFailed;
    }
    if (row->code != kSettingUp) {
      std::printf("ready\n");
      return kExitOk;
    }
    const auto changed = wait_for_change(socket, *board, kLook);
    if (!changed) return report(changed.error());
  }
}

int print_and_wait(const WorkspaceOptions& options, const std::string& socket,
                   const Result<std::string>& answer, const char* verb) {
  if (!answer) return report(answer.error());
  print_state(options, *answer, verb);
  std::fflush(stdout);
  if (!options.wait) return kExitOk;
  JsonDocument document;
  const auto state = document.parse(*answer);
  return state ? wait_for_setup(socket, text_of(*state, "workspaceId")) : report(state.error());
}

/// One command that ends a workspace.
int end(const Result<BoardRow>& row, const std::string& socket, const std::string& method,
        const std::string& rest, const std::string& body, const char* done) {
  if (!row) return report(row.error());
  const auto answer =
      command(socket, method, "/api/workspaces/" + percent_encode(row->id) + rest, body);
  if (!answer) return report(answer.error());
  std::printf("%s %s\n", row->name.c_str(), done);
  return kExitOk;
}

}  // namespace

int workspace_new(const WorkspaceOptions& options) {
  if (is_blank(options.name)) return no_name();
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto project = find_project(*socket, options.project);
  if (!project) return report(project.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("name").string(options.name);
  if (!options.branch.empty()) json.key("branchName").string(options.branch);
  if (!options.from.empty()) json.key("from").string(options.from);
  json.end_object();
  const auto answer =
      command(*socket, "POST", "/api/projects/" + percent_encode(*project) + "/workspaces", body);
  return print_and_wait(options, *socket, answer, "is on the board");
}

int workspace_retry(const WorkspaceOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto row = named(*socket, options.workspace, Naming::loose);
  if (!row) return report(row.error());
  const auto answer =
      command(*socket, "POST", "/api/workspaces/" + percent_encode(row->id) + "/retry", {});
  return print_and_wait(options, *socket, answer, "is set up again");
}

int workspace_rename(const WorkspaceOptions& options) {
  if (is_blank(options.name)) return no_name();
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto row = named(*socket, options.workspace, Naming::loose);
  if (!row) return report(row.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("name").string(options.name).end_object();
  const auto answer =
      command(*socket, "POST", "/api/workspaces/" + percent_encode(row->id) + "/rename", body);
  if (!answer) return report(answer.error());
  JsonDocument document;
  const auto state = document.parse(*answer);
  if (!state) return report(state.error());
  std::printf("%s is now called %s\n", row->name.c_str(), text_of(*state, "name").c_str());
  return kExitOk;
}

int workspace_archive(const WorkspaceOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("removeWorktree").boolean(options.remove_worktree);
  json.key("force").boolean(options.force).end_object();
  return end(named(*socket, options.workspace, Naming::exact), *socket, "POST", "/archive", body,
             options.remove_worktree ? "is archived, its worktree removed"
                                     : "is archived; its files were not touched");
}

int workspace_unarchive(const WorkspaceOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto id = archived_id(*socket, options.workspace);
  if (!id) return report(id.error());
  const auto answer =
      command(*socket, "POST", "/api/workspaces/" + percent_encode(*id) + "/unarchive", {});
  return print_and_wait(options, *socket, answer, "is on the board again");
}

int workspace_remove(const WorkspaceOptions& options) {
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  auto row = named(*socket, options.workspace, Naming::exact);
  if (!row && row.error().code == ErrorCode::not_found) {
    const auto archive = read_archive(*socket);
    if (!archive) return report(archive.error());
    auto archived = find_archived(*archive, options.workspace, Naming::exact);
    if (archived || archived.error().code == ErrorCode::conflict) row = std::move(archived);
  }
  return end(row, *socket, "DELETE", options.force ? "?force=true" : "", {},
             "is removed, its worktree too");
}

}  // namespace sb::app
