#include "tools.h"

#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/core/percent.h"
#include "sb/core/random.h"

#include "board.h"
#include "local_api.h"
#include "text_table.h"

namespace sb::app {
namespace {

constexpr std::size_t kEventIdBytes = 12;
constexpr int kHttpOk = 200;

std::string problem_line(const std::string& name, const std::string& code,
                         const std::string& problem) {
  return "! " + name + " (" + code + "): " + first_line(problem) + "\n";
}

void print_array(const std::vector<std::string>& elements) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const auto& element : elements) json.raw(element);
  json.end_array();
  std::printf("%s\n", text.c_str());
}

// An event of these may be the first word on a workspace: what is given is its id, whatever else is
// called so.
bool may_create(std::string_view type) {
  return type == "workspace.state_changed" || type == "snapshot.facts";
}

// What a person calls the workspace, as its id; one that is hidden is named by its id only.
Result<std::string> subject_of(const std::string& socket, const EmitOptions& options) {
  const std::string& text = options.workspace;
  if (is_blank(text)) return fail(ErrorCode::invalid_argument, "the workspace is empty");
  if (may_create(options.type)) return text;
  const auto known = api_get(socket, "/api/workspaces/" + percent_encode(text));
  if (known) return text;
  if (known.error().code != ErrorCode::not_found) return known.error();
  SB_TRY(const Board board, read_board(socket));
  const bool for_good = options.type == "workspace.removed";
  SB_TRY(const BoardRow row,
         find_workspace(board.rows, text, for_good ? Naming::exact : Naming::loose));
  return row.id;
}

// How the one event of an answer was taken, in words.
std::string taken_text(const JsonValue& answer) {
  if (number_of(answer, "duplicates") == "1") return "a repeat: taken before, nothing changed";
  if (number_of(answer, "stale") == "1") return "stale: its source has said something newer";
  return "accepted: revision " + number_of(answer, "revision");
}

// The sentence of a refusal, with the place in the event: "data.prNumber: expected a number".
std::string refusal_text(const std::string& body) {
  JsonDocument document;
  const auto problem = document.parse(body);
  const std::string path = problem ? text_of(*problem, "path") : "";
  const std::string place = path.starts_with("$.") ? path.substr(2) : "";
  return (place.empty() ? "" : place + ": ") + problem_text(body);
}

}  // namespace

std::string board_table(const Board& board) {
  TextTable table({"PROJECT", "NAME", "BRANCH", "STATUS", "DIFF"});
  std::string problems;
  for (const BoardProject& project : board.projects) {
    if (project.problem_code.empty()) continue;
    problems += problem_line("project " + project.name, project.problem_code, project.problem);
  }
  for (const BoardRow& row : board.rows) {
    const bool broken = !row.problem_code.empty();
    table.add({row.project, row.name, row.branch.empty() ? "-" : row.branch,
               row.label + (broken ? " !" : ""),
               row.additions.empty() ? "?" : "+" + row.additions + " -" + row.deletions});
    if (broken) problems += problem_line(row.name, row.problem_code, row.problem);
  }
  return table.text() + (problems.empty() ? "" : "\n" + problems);
}

int status(const std::string& socket, Output output) {
  const auto board = board_at(socket);
  if (!board) return report(board.error());
  std::size_t needs = 0;
  std::map<std::string, std::size_t> columns;
  for (const BoardRow& row : board->rows) {
    if (row.needs_user) ++needs;
    ++columns[row.column];
  }
  if (output == Output::quiet) {
    std::printf("%zu\n", needs);
  } else if (output == Output::json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("workspaces").number(board->rows.size()).key("needsUser").number(needs);
    json.key("working").number(columns["WORKING"]).key("waiting").number(columns["WAITING"]);
    json.key("done").number(columns["DONE"]).end_object();
    std::printf("%s\n", text.c_str());
  } else {
    std::printf("%zu workspaces: %zu need you, %zu working, %zu done\n", board->rows.size(), needs,
                columns["WORKING"], columns["DONE"]);
  }
  return kExitOk;
}

int list(const std::string& socket, Output output) {
  const auto board = board_at(socket);
  if (!board) return report(board.error());
  if (output == Output::json) {
    print_array(board->snapshots);
  } else {
    std::printf("%s", board_table(*board).c_str());
  }
  return kExitOk;
}

int list_archived(const std::string& given_socket, Output output) {
  const auto socket = find_socket(given_socket);
  if (!socket) return report(socket.error());
  const auto archive = read_archive(*socket);
  if (!archive) return report(archive.error());
  if (output == Output::json) {
    print_array(archive->lists);
    return kExitOk;
  }
  TextTable table({"PROJECT", "NAME", "BRANCH", "ID", "FOLDER"});
  std::string problems;
  for (const BoardRow& row : archive->rows) {
    const bool broken = !row.problem_code.empty();
    table.add({row.project, row.name, row.branch.empty() ? "-" : row.branch, row.id,
               row.path + (broken ? " !" : "")});
    if (broken) problems += problem_line(row.name, row.problem_code, row.problem);
  }
  std::printf("%s%s%s", table.text().c_str(), problems.empty() ? "" : "\n", problems.c_str());
  if (!archive->complete) std::printf("\nThe oldest ones are left out.\n");
  return kExitOk;
}

int emit(const std::string& socket_given, const EmitOptions& options) {
  const auto socket = find_socket(socket_given);
  if (!socket) return report(socket.error());
  JsonDocument document;
  std::string data;
  JsonWriter members(data);
  members.begin_object();
  const auto given = document.parse(options.data);
  if (!given || given->kind() != JsonValue::Kind::object) {
    std::fprintf(stderr, "snapboard: --data wants a JSON object\n");
    return kExitUsage;
  }
  for (const std::string& assignment : options.assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "snapboard: expected KEY=VALUE, found %s\n",
                   printable(assignment).c_str());
      return kExitUsage;
    }
    const std::string value = assignment.substr(equals + 1);
    members.key(assignment.substr(0, equals));
    JsonDocument parsed;
    if (parsed.parse(value)) {
      members.raw(value);
    } else {
      members.string(value);
    }
  }
  members.end_object();
  // Members of --data come first; an assignment of the same name wins, because the reader takes the
  // first of a name.
  if (options.data != "{}" && !options.assignments.empty()) {
    const auto open = options.data.find('{');
    const std::string rest = options.data.substr(open + 1);
    const bool empty = rest.find_first_not_of(" \t\r\n") == rest.find('}');
    data.back() = empty ? ' ' : ',';
    data += rest;
  } else if (options.assignments.empty()) {
    data = options.data;
  }
  std::string subject;
  if (options.names_workspace) {
    auto found = subject_of(*socket, options);
    if (!found) return report(found.error());
    subject = *std::move(found);
  }
  SystemRandom random;
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("specversion").string("1.0");
  json.key("id").string(options.id.empty() ? random_hex(random, kEventIdBytes) : options.id);
  json.key("source").string(options.source).key("type").string(options.type);
  if (options.names_workspace) json.key("subject").string(subject);
  if (options.sequence) json.key("sequence").string(*options.sequence);
  json.key("data").raw(data).end_object();
  const auto answer =
      local_request(*socket, "POST", "/api/events", body, "application/cloudevents+json");
  if (!answer) return report(answer.error());
  const bool taken = answer->status == kHttpOk;
  if (options.json) {
    std::fprintf(taken ? stdout : stderr, "%s\n", answer->body.c_str());
    return taken ? kExitOk : kExitFailed;
  }
  JsonDocument said;
  const auto counts = said.parse(answer->body);
  if (!taken || !counts) return report({ErrorCode::internal, refusal_text(answer->body), {}});
  std::printf("%s\n", taken_text(*counts).c_str());
  return kExitOk;
}

}  // namespace sb::app
