#include "project_tool.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <climits>

#include "sb/core/json_writer.h"
#include "sb/core/percent.h"
#include "sb/git_cli/repository.h"

#include "board.h"
#include "local_api.h"
#include "text_table.h"

namespace sb::app {
namespace {

std::string absolute(const std::string& path) {
  std::string out(PATH_MAX, '\0');
  if (realpath(path.c_str(), out.data()) == nullptr) return path;
  out.resize(out.find('\0'));
  return out;
}

int failed(const std::string& text) {
  std::fprintf(stderr, "snapboard: %s\n", text.c_str());
  return kExitFailed;
}

}  // namespace

int project_list(const std::string& given_socket, Output output) {
  const auto socket = find_socket(given_socket);
  if (!socket) return report(socket.error());
  const auto text = api_get(*socket, "/api/projects");
  if (!text) return report(text.error());
  if (output == Output::json) {
    std::printf("%s\n", text->c_str());
    return kExitOk;
  }
  JsonDocument document;
  const auto projects = document.parse(*text);
  if (!projects) return report(projects.error());
  TextTable table({"NAME", "WORKSPACES", "ID", "REPOSITORY"});
  std::string problems;
  projects->each_element([&](std::size_t, JsonValue one) {
    const std::string path = text_of(one, "repoPath");
    table.add({text_of(one, "name"), number_of(one, "workspaceCount"), text_of(one, "id"),
               path.empty() ? "- (told of by events)" : path});
    const auto problem = one.find("problem");
    if (!problem || problem->is_null()) return;
    problems += "! " + text_of(one, "name") + " (" + text_of(*problem, "code") +
                "): " + first_line(lines_of(*problem, "message")) + "\n";
  });
  std::printf("%s%s%s", table.text().c_str(), problems.empty() ? "" : "\n", problems.c_str());
  return kExitOk;
}

int project_add(const std::string& given_socket, const ProjectAdd& options, Output output) {
  const auto socket = find_socket(given_socket);
  if (!socket) return report(socket.error());
  std::string body;
  JsonWriter json(body);
  const std::string path = absolute(options.path);
  json.begin_object().key("repoPath").string(path);
  if (!options.name.empty()) json.key("name").string(options.name);
  if (!options.default_branch.empty()) json.key("defaultBranch").string(options.default_branch);
  json.end_object();
  const auto answer = local_request(*socket, "POST", "/api/projects", body, "application/json",
                                    std::chrono::seconds(60));
  if (!answer) return report(answer.error());
  if (answer->status / 100 != 2) return failed(problem_text(answer->body));
  if (output == Output::json) {
    std::printf("%s\n", answer->body.c_str());
    return kExitOk;
  }
  std::printf("%s %s\n", printable(path).c_str(),
              answer->status == 201 ? "is on the board" : "was on the board already");
  JsonDocument document;
  const auto added = document.parse(answer->body);
  const auto project = added ? added->find("project") : std::nullopt;
  const auto problem = project ? project->find("problem") : std::nullopt;
  if (problem && !problem->is_null()) std::printf("! %s\n", lines_of(*problem, "message").c_str());
  return kExitOk;
}

Result<std::string> find_project(const std::string& socket, const std::string& text) {
  SB_TRY(const auto answer, api_get(socket, "/api/projects"));
  JsonDocument document;
  SB_TRY(const auto projects, document.parse(answer));
  std::string path = absolute(text.empty() ? "." : text);
  if (text.empty()) {
    if (const auto here = git_cli::discover(path)) path = here->main_path;
  }
  std::vector<std::string> exact;
  std::vector<std::string> like;
  std::vector<std::string> repositories;
  projects.each_element([&](std::size_t, JsonValue one) {
    const auto id = one.find("id");
    const std::string held(id ? id->as_string().value_or("") : "");
    const bool named = !text.empty() && text_of(one, "name") == text;
    if (held == text) exact.push_back(held);
    if (named || text_of(one, "repoPath") == path) like.push_back(held);
    if (!text_of(one, "repoPath").empty()) repositories.push_back(held);
  });
  const auto& found = exact.empty() ? like : exact;
  if (found.size() == 1) return found.front();
  if (found.empty() && text.empty()) {
    if (repositories.size() == 1) return repositories.front();
    return fail(ErrorCode::not_found, "this is no repository on the board; say which by --project");
  }
  if (found.empty()) {
    return fail(ErrorCode::not_found, "no project has the id, name or path " + printable(text));
  }
  std::string message = printable(text) + " can mean several projects; say which by its id:";
  for (const auto& id : found) message += "\n  " + printable(id);
  return fail(ErrorCode::conflict, std::move(message));
}

int project_remove(const std::string& given_socket, const std::string& project) {
  if (is_blank(project)) return report({ErrorCode::invalid_argument, "the project is empty", {}});
  const auto socket = find_socket(given_socket);
  if (!socket) return report(socket.error());
  const auto found = find_project(*socket, project);
  if (!found) return report(found.error());
  const auto answer = local_request(*socket, "DELETE", "/api/projects/" + percent_encode(*found));
  if (!answer) return report(answer.error());
  if (answer->status / 100 != 2) return failed(problem_text(answer->body));
  std::printf("%s is off the board; its files were not touched\n", printable(project).c_str());
  return kExitOk;
}

}  // namespace sb::app
