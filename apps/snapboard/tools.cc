#include "tools.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/core/random.h"

#include "discovery.h"
#include "local_client.h"
#include "paths.h"

namespace sb::app {
namespace {

constexpr std::size_t kEventIdBytes = 12;

int report(const Error& error) {
  std::fprintf(stderr, "snapboard: %s\n", error.message.c_str());
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::not_found ||
                 error.code == ErrorCode::timeout
             ? kExitUnreachable
             : kExitFailed;
}

Result<std::string> find_socket(const std::string& given) {
  if (!given.empty()) return given;
  SB_TRY(const std::string runtime, runtime_dir());
  const auto server = read_discovery(runtime + "/server.json");
  if (server && !server->socket.empty()) return server->socket;
  return runtime + "/api.sock";
}

Result<std::string> get(const std::string& given_socket, const std::string& target) {
  SB_TRY(const std::string socket, find_socket(given_socket));
  SB_TRY(auto answer, local_request(socket, "GET", target));
  if (answer.status == 503) return fail(ErrorCode::unavailable, "the server is still starting");
  if (answer.status != 200) return fail(ErrorCode::internal, "the server answered " + answer.body);
  return std::move(answer.body);
}

// One workspace as the tools show it.
struct Row {
  std::string project, id, name, branch, code, label, column, additions, deletions;
  bool needs_user = false;
};

// Names come from repositories and agents: nothing of them may steer the terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return out;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  const auto text = member ? member->as_string() : std::nullopt;
  return text ? printable(*text) : "";
}

std::string number_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  const auto number = member ? member->as_int() : std::nullopt;
  return number ? std::to_string(*number) : "";
}

// `snapshots`: the texts of the snapshot reads, for --json.
Result<std::vector<Row>> read_rows(const std::string& socket, std::vector<std::string>* snapshots) {
  SB_TRY(const std::string projects_text, get(socket, "/api/projects"));
  JsonDocument projects_document;
  SB_TRY(const JsonValue projects, projects_document.parse(projects_text));
  std::vector<std::pair<std::string, std::string>> ids;
  projects.each_element([&](std::size_t, JsonValue project) {
    ids.emplace_back(text_of(project, "id"), text_of(project, "name"));
  });
  std::vector<Row> rows;
  for (const auto& [id, name] : ids) {
    SB_TRY(std::string text, get(socket, "/api/projects/" + id + "/snapshot"));
    JsonDocument document;
    SB_TRY(const JsonValue snapshot, document.parse(text));
    const auto entries = snapshot.find("entries");
    if (entries) {
      entries->each_element([&, project = name](std::size_t, JsonValue entry) {
        Row row{project,
                text_of(entry, "workspaceId"),
                text_of(entry, "name"),
                text_of(entry, "branchName"),
                "",
                "",
                text_of(entry, "kanbanColumn"),
                "",
                "",
                false};
        if (const auto reason = entry.find("statusReason")) {
          row.code = text_of(*reason, "code");
          row.label = text_of(*reason, "label");
          const auto needs = reason->find("needsUser");
          row.needs_user = needs && needs->as_bool().value_or(false);
        }
        if (const auto stats = entry.find("gitStats"); stats && !stats->is_null()) {
          row.additions = number_of(*stats, "additions");
          row.deletions = number_of(*stats, "deletions");
        }
        rows.push_back(std::move(row));
      });
    }
    if (snapshots != nullptr) snapshots->push_back(std::move(text));
  }
  return rows;
}

std::size_t width(const std::vector<Row>& rows, std::string Row::* member, std::size_t least) {
  constexpr std::size_t kWidthMax = 40;
  std::size_t widest = least;
  for (const Row& row : rows) widest = std::max(widest, (row.*member).size());
  return std::min(widest, kWidthMax);
}

void put(std::string& line, const std::string& text, std::size_t columns) {
  line += text.substr(0, columns);
  if (text.size() < columns) line.append(columns - text.size(), ' ');
  line += "  ";
}

}  // namespace

int status(const std::string& socket, Output output) {
  const auto rows = read_rows(socket, nullptr);
  if (!rows) return report(rows.error());
  std::size_t needs = 0;
  std::map<std::string, std::size_t> columns;
  for (const Row& row : *rows) {
    if (row.needs_user) ++needs;
    ++columns[row.column];
  }
  if (output == Output::quiet) {
    std::printf("%zu\n", needs);
  } else if (output == Output::json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("workspaces").number(rows->size()).key("needsUser").number(needs);
    json.key("working").number(columns["WORKING"]).key("waiting").number(columns["WAITING"]);
    json.key("done").number(columns["DONE"]).end_object();
    std::printf("%s\n", text.c_str());
  } else {
    std::printf("%zu workspaces: %zu need you, %zu working, %zu done\n", rows->size(), needs,
                columns["WORKING"], columns["DONE"]);
  }
  return kExitOk;
}

int list(const std::string& socket, Output output) {
  std::vector<std::string> snapshots;
  const auto rows = read_rows(socket, &snapshots);
  if (!rows) return report(rows.error());
  if (output == Output::json) {
    std::string text;
    JsonWriter json(text);
    json.begin_array();
    for (const auto& snapshot : snapshots) json.raw(snapshot);
    json.end_array();
    std::printf("%s\n", text.c_str());
    return kExitOk;
  }
  const std::size_t project = width(*rows, &Row::project, 7);
  const std::size_t name = width(*rows, &Row::name, 4);
  const std::size_t branch = width(*rows, &Row::branch, 6);
  const std::size_t label = width(*rows, &Row::label, 6);
  std::string line;
  put(line, "PROJECT", project);
  put(line, "NAME", name);
  put(line, "BRANCH", branch);
  put(line, "STATUS", label);
  line += "DIFF";
  std::printf("%s\n", line.c_str());
  for (const Row& row : *rows) {
    line.clear();
    put(line, row.project, project);
    put(line, row.name, name);
    put(line, row.branch.empty() ? "-" : row.branch, branch);
    put(line, row.label, label);
    line += row.additions.empty() ? "?" : "+" + row.additions + " -" + row.deletions;
    std::printf("%s\n", line.c_str());
  }
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
      std::fprintf(stderr, "snapboard: expected KEY=VALUE, found %s\n", assignment.c_str());
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
  SystemRandom random;
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("specversion").string("1.0");
  json.key("id").string(options.id.empty() ? random_hex(random, kEventIdBytes) : options.id);
  json.key("source").string(options.source).key("type").string(options.type);
  if (!options.workspace.empty()) json.key("subject").string(options.workspace);
  if (options.sequence) json.key("sequence").string(*options.sequence);
  json.key("data").raw(data).end_object();
  const auto answer =
      local_request(*socket, "POST", "/api/events", body, "application/cloudevents+json");
  if (!answer) return report(answer.error());
  std::fprintf(answer->status == 200 ? stdout : stderr, "%s\n", answer->body.c_str());
  return answer->status == 200 ? kExitOk : kExitFailed;
}

}  // namespace sb::app
