#include "doctor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "sb/core/json_writer.h"
#include "sb/process/posix_runner.h"
#include "sb/workspace/data_dir.h"

#include "board.h"
#include "discovery.h"
#include "local_api.h"
#include "paths.h"
#include "text_table.h"

namespace sb::app {
namespace {

constexpr int kGitMajorMin = 2;  // what worktree lists and status are read with
constexpr int kGitMinorMin = 30;
constexpr std::int64_t kWatchesMin = 65'536;  // watches of one user: below, large trees are polled
constexpr std::string_view kBranchMissing = "default_branch_missing";
constexpr std::int64_t kInstancesMin = 128;  // inotify instances of one user

struct Finding {
  enum class Grade { ok, note, bad };
  Grade grade = Grade::ok;
  std::string what;
  std::string detail;
  std::string advice;  ///< empty when there is nothing to do
};

std::string_view text_of_grade(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::ok:
      return "ok";
    case Finding::Grade::note:
      return "note";
    case Finding::Grade::bad:
      return "bad";
  }
  return "bad";
}

using Findings = std::vector<Finding>;
using Grade = Finding::Grade;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return printable(text);
}

void look_at_git(Findings& found) {
  process::PosixRunner runner;
  ProcessSpec spec;
  spec.argv = {"git", "--version"};
  const auto output = runner.run(spec);
  if (!output || output->exit_code != 0) {
    found.push_back({Grade::bad, "git", "not found in PATH", "Install git 2.30 or newer."});
    return;
  }
  int major = 0;
  int minor = 0;
  const bool known = std::sscanf(output->out.c_str(), "git version %d.%d", &major, &minor) == 2;
  const bool old =
      known && (major < kGitMajorMin || (major == kGitMajorMin && minor < kGitMinorMin));
  found.push_back({old ? Grade::bad : Grade::ok, "git", trimmed(output->out),
                   old ? "Install git 2.30 or newer." : ""});
}

std::int64_t kernel_limit(const char* name) {
  std::ifstream in(std::string("/proc/sys/fs/inotify/") + name);
  std::int64_t value = -1;
  in >> value;
  return in ? value : -1;
}

void look_at_limit(Findings& found, const char* name, std::int64_t least) {
  const std::int64_t value = kernel_limit(name);
  if (value < 0) {
    found.push_back({Grade::bad, name, "the kernel does not tell", "Is /proc mounted?"});
    return;
  }
  const bool low = value < least;
  found.push_back({low ? Grade::note : Grade::ok, name, std::to_string(value),
                   low ? "Worktrees beyond it are polled. Raise it: sysctl fs.inotify." +
                             std::string(name) + "=" + std::to_string(least)
                       : ""});
}

void look_at_data(Findings& found, const std::string& given) {
  const auto path = given.empty() ? workspace::default_data_dir() : Result<std::string>(given);
  if (!path) {
    found.push_back({Grade::bad, "data directory", path.error().message, "Set HOME."});
    return;
  }
  struct stat info{};
  if (stat(path->c_str(), &info) != 0) {
    found.push_back(
        {Grade::note, "data directory", *path + " is not there yet", "snapboard serve makes it."});
    return;
  }
  if (!S_ISDIR(info.st_mode) || access(path->c_str(), R_OK | W_OK | X_OK) != 0) {
    found.push_back({Grade::bad, "data directory", *path + " cannot be written",
                     "Make it a directory of yours, or choose another by --data-dir."});
    return;
  }
  const bool open = (info.st_mode & 077U) != 0;
  found.push_back({open ? Grade::note : Grade::ok, "data directory", *path,
                   open ? "Others can look into it: chmod 700 " + *path : ""});
}

void look_at_socket(Findings& found, const std::string& path) {
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
    found.push_back({Grade::note, "socket", path + " is not there", "Start it: snapboard serve"});
    return;
  }
  const bool open = (info.st_mode & 077U) != 0 || info.st_uid != getuid();
  found.push_back({open ? Grade::bad : Grade::ok, "socket", path,
                   open ? "Others may use it, and it asks for no token: chmod 600 " + path : ""});
}

/// `absent`: why the file may not be there.
void look_at_discovery(Findings& found, std::string_view absent) {
  const auto dir = runtime_dir();
  if (!dir) {
    found.push_back({Grade::bad, "runtime directory", dir.error().message,
                     "Set XDG_RUNTIME_DIR to a directory of yours."});
    return;
  }
  const std::string path = *dir + "/server.json";
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    found.push_back({Grade::note, "discovery file", path + " is not there", std::string(absent)});
    return;
  }
  if ((info.st_mode & 077U) != 0) {
    found.push_back({Grade::bad, "discovery file", path + " can be read by others",
                     "It holds the token. End the server, remove the file, start it again."});
    return;
  }
  const auto held = read_discovery(path);
  const bool alive = held && lives(*held);
  found.push_back({alive ? Grade::ok : Grade::note, "discovery file",
                   !held   ? path + " cannot be read"
                   : alive ? path
                           : path + " speaks of a server that is gone",
                   alive ? "" : "It was ended abruptly. snapboard serve writes the file anew."});
}

void look_at_server(Findings& found, const std::string& socket) {
  const auto answer = local_request(socket, "GET", "/readyz");
  if (!answer) {
    found.push_back({Grade::note, "server", "does not run", "Start it: snapboard serve"});
    return;
  }
  JsonDocument document;
  const auto state = document.parse(answer->body);
  if (!state) {
    found.push_back({Grade::bad, "server", "something else answers at " + socket,
                     "Choose another socket by --socket."});
    return;
  }
  const bool ready = answer->status == 200;
  found.push_back({ready ? Grade::ok : Grade::note, "server",
                   ready ? number_of(*state, "workspaces") + " workspaces in " +
                               number_of(*state, "projects") + " projects"
                         : "is still starting",
                   ""});
  const auto sources = state->find("sources");
  if (!sources) return;
  sources->each_element([&](std::size_t, JsonValue source) {
    const std::string name = text_of(source, "name");
    const std::string health = text_of(source, "state");
    const std::string detail = text_of(source, "detail");
    const bool well = health == "live";
    const bool refuses = !well && name == "database";
    found.push_back({well      ? Grade::ok
                     : refuses ? Grade::bad
                               : Grade::note,
                     "source " + name, health + (detail.empty() ? "" : ": " + detail),
                     refuses ? "Make room on its disk, or let this user write to it" : ""});
  });
}

void look_at_workspaces(Findings& found, const std::string& socket) {
  const auto board = read_board(socket);
  if (!board) return;  // the server said why
  for (const BoardProject& project : board->projects) {
    if (project.problem_code.empty()) continue;
    found.push_back({Grade::note, "project " + project.name,
                     project.problem_code + ": " + first_line(project.problem),
                     project.problem_code == kBranchMissing
                         ? "Make or fetch it, or choose another: snapboard project add PATH "
                           "--default-branch BRANCH"
                         : ""});
  }
  for (const BoardRow& row : board->rows) {
    if (row.problem_code.empty()) continue;
    found.push_back({Grade::note, "workspace " + row.name,
                     row.problem_code + ": " + first_line(row.problem),
                     "All of it: snapboard explain " + row.id});
  }
}

void print_json(const Findings& found) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const Finding& one : found) {
    json.begin_object().key("grade").string(text_of_grade(one.grade)).key("what").string(one.what);
    json.key("detail").string(one.detail).key("advice").string(one.advice).end_object();
  }
  json.end_array();
  std::printf("%s\n", text.c_str());
}

}  // namespace

int doctor(const std::string& given_socket, const std::string& data_dir, Output output) {
  Findings found;
  look_at_git(found);
  look_at_limit(found, "max_user_watches", kWatchesMin);
  look_at_limit(found, "max_user_instances", kInstancesMin);
  look_at_data(found, data_dir);
  const auto usual = data_dir.empty() ? workspace::default_data_dir() : data_dir;
  const auto cut_off = usual && given_socket.empty() ? find_cut_off(*usual) : std::nullopt;
  look_at_discovery(
      found,
      cut_off ? "It was removed while the server ran."
      : usual && find_living(*usual)
          ? "The server that runs has another XDG_RUNTIME_DIR and is found by its data directory."
          : "No server runs for this user, or it has ended in order.");
  if (cut_off) {
    found.push_back({Grade::bad, "server", describe_cut_off(*cut_off, *usual), ""});
  } else if (const auto socket = find_socket(given_socket)) {
    look_at_socket(found, *socket);
    look_at_server(found, *socket);
    look_at_workspaces(found, *socket);
  }
  bool broken = false;
  TextTable table({"", "", ""});
  for (const Finding& one : found) {
    broken = broken || one.grade == Grade::bad;
    table.add({std::string(text_of_grade(one.grade)), one.what,
               one.detail + (one.advice.empty() ? "" : ". " + one.advice)});
  }
  if (output == Output::json) {
    print_json(found);
  } else {
    std::printf("%s", table.text().c_str());
  }
  return broken ? kExitFailed : kExitOk;
}

}  // namespace sb::app
