#include "board.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <climits>

#include "sb/core/percent.h"

#include "local_api.h"

namespace sb::app {
namespace {

constexpr std::chrono::milliseconds kWaitMax{20'000};  // of one request
constexpr std::chrono::milliseconds kPollGap{200};     // while there is no project to wait on
constexpr std::chrono::seconds kAnswerTimeout{30};
constexpr std::size_t kCandidatesShown = 10;
constexpr std::size_t kIdPrefixMin = 4;  // characters: fewer are a slip rather than a choice
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

template <class T>
void read_problem(const JsonValue& of, T& into) {
  const auto problem = of.find("problem");
  if (!problem || problem->is_null()) return;
  into.problem_code = text_of(*problem, "code");
  into.problem = lines_of(*problem, "message");
}

BoardRow to_row(const JsonValue& entry) {
  BoardRow row;
  row.id = text_of(entry, "workspaceId");
  row.name = text_of(entry, "name");
  row.branch = text_of(entry, "branchName");
  row.path = text_of(entry, "worktreePath");
  row.column = text_of(entry, "kanbanColumn");
  if (const auto version = entry.find("version")) row.version = version->as_int().value_or(0);
  if (const auto reason = entry.find("statusReason")) {
    row.code = text_of(*reason, "code");
    row.label = text_of(*reason, "label");
    row.needs_user = flag_of(*reason, "needsUser");
  }
  if (const auto stats = entry.find("gitStats"); stats && !stats->is_null()) {
    row.additions = number_of(*stats, "additions");
    row.deletions = number_of(*stats, "deletions");
  }
  read_problem(entry, row);
  return row;
}

/// The first of them, one a line, each after a line feed.
std::string candidates(const std::vector<const BoardRow*>& found) {
  std::string text;
  for (std::size_t i = 0; i < std::min(found.size(), kCandidatesShown); ++i) {
    text += "\n  " + found[i]->id + "  " + found[i]->project + "  " + found[i]->name;
    if (!found[i]->branch.empty()) text += "  (" + found[i]->branch + ")";
  }
  if (found.size() > kCandidatesShown) text += "\n  \u2026";
  return text;
}

Result<BoardRow> only(const std::vector<const BoardRow*>& found, const std::string& text) {
  if (found.size() == 1) return *found.front();
  return fail(ErrorCode::conflict, printable(text) + " can mean " + std::to_string(found.size()) +
                                       " workspaces; say which by its id:" + candidates(found));
}

template <class Fits>
std::vector<const BoardRow*> gather(const std::vector<BoardRow>& rows, Fits&& fits) {
  std::vector<const BoardRow*> found;
  for (const BoardRow& row : rows) {
    if (fits(row)) found.push_back(&row);
  }
  return found;
}

std::vector<const BoardRow*> at_path(const std::vector<BoardRow>& rows, const std::string& path) {
  // The innermost worktree: one may stand inside another.
  std::size_t deepest = 0;
  for (const BoardRow& row : rows) {
    if (is_inside(path, row.path)) deepest = std::max(deepest, row.path.size());
  }
  return gather(rows, [&](const BoardRow& row) {
    return row.path.size() == deepest && is_inside(path, row.path);
  });
}

/// What a text can mean, by the first way of naming that fits.
struct Meant {
  std::vector<const BoardRow*> found;
  std::string what;  ///< the text was taken for: "has the id, name or branch x" and the like
};

Meant look_up(const std::vector<BoardRow>& rows, const std::string& text, Naming naming) {
  Meant meant{{}, "has the id, name or branch " + printable(text)};
  meant.found = gather(rows, [&](const BoardRow& row) { return row.id == text; });
  if (!meant.found.empty()) return meant;
  bool is_path = text.starts_with('.') || text.starts_with('/');
  if (!is_path) {
    meant.found = gather(rows, [&](const BoardRow& row) {
      return row.name == text || row.branch == text;  // a detached HEAD has no branch
    });
    if (!meant.found.empty() || naming == Naming::exact) return meant;
    meant.found = gather(rows, [&](const BoardRow& row) {
      return text.size() >= kIdPrefixMin && row.id.starts_with(text);
    });
    if (!meant.found.empty()) return meant;
    is_path = access(text.c_str(), F_OK) == 0;
  }
  if (is_path) {
    const std::string path = real_path(text);
    meant.found = at_path(rows, path);
    meant.what = "holds " + printable(path);
  }
  return meant;
}

Result<std::vector<BoardProject>> read_projects(const std::string& socket) {
  SB_TRY(const std::string text, api_get(socket, "/api/projects"));
  JsonDocument document;
  SB_TRY(const JsonValue listed, document.parse(text));
  std::vector<BoardProject> projects;
  listed.each_element([&](std::size_t, JsonValue one) {
    BoardProject project;
    const auto id = one.find("id");
    project.id = id ? id->as_string().value_or("") : "";
    project.name = text_of(one, "name");
    read_problem(one, project);
    projects.push_back(std::move(project));
  });
  return projects;
}

/// Reads `what` of every project: calls `fn(project, answer)` for each and keeps the text.
template <class Fn>
Result<void> read_each(const std::string& socket, const std::string& what,
                       std::vector<std::string>& texts, Fn&& fn) {
  SB_TRY(const auto projects, read_projects(socket));
  for (const BoardProject& project : projects) {
    auto read = api_get(socket, "/api/projects/" + percent_encode(project.id) + "/" + what);
    if (!read && read.error().code == ErrorCode::not_found) continue;  // removed meanwhile
    SB_TRY(std::string text, std::move(read));
    JsonDocument document;
    SB_TRY(const JsonValue answer, document.parse(text));
    fn(project, answer);
    texts.push_back(std::move(text));
  }
  return {};
}

/// Calls `fn(row, its JSON)` for each workspace in a list of an answer about `project`.
template <class Fn>
void each_row(const BoardProject& project, const JsonValue& answer, std::string_view list,
              Fn&& fn) {
  const auto workspaces = answer.find(list);
  if (!workspaces) return;
  workspaces->each_element([&](std::size_t, JsonValue one) {
    BoardRow row = to_row(one);
    row.project_id = project.id;
    row.project = project.name;
    fn(std::move(row), one);
  });
}

Error no_workspace() {
  return {ErrorCode::invalid_argument, "the workspace is empty", {}};
}

}  // namespace

std::string real_path(const std::string& path) {
  std::string out(PATH_MAX, '\0');
  if (realpath(path.c_str(), out.data()) == nullptr) return path;
  out.resize(out.find('\0'));
  return out;
}

bool is_inside(const std::string& path, const std::string& folder) {
  return !folder.empty() && path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

Result<Board> read_board(const std::string& socket) {
  Board board;
  SB_TRY_VOID(read_each(socket, "snapshot", board.snapshots, [&](auto& project, auto& snapshot) {
    const auto revision = snapshot.find("revision");
    const auto head = static_cast<std::uint64_t>(revision ? revision->as_int().value_or(0) : 0);
    board.revision = board.projects.empty() ? head : std::min(board.revision, head);
    board.epoch = text_of(snapshot, "epoch");
    board.projects.push_back(project);
    each_row(project, snapshot, "entries", [&](BoardRow row, const JsonValue& entry) {
      row.entry = json_text(entry);
      board.rows.push_back(std::move(row));
    });
  }));
  return board;
}

Result<Board> board_at(const std::string& given_socket) {
  SB_TRY(const std::string socket, find_socket(given_socket));
  return read_board(socket);
}

Result<Archive> read_archive(const std::string& socket) {
  Archive archive;
  SB_TRY_VOID(read_each(socket, "archived", archive.lists, [&](auto& project, auto& list) {
    archive.complete = archive.complete && flag_of(list, "complete");
    each_row(project, list, "workspaces",
             [&](BoardRow row, const JsonValue&) { archive.rows.push_back(std::move(row)); });
  }));
  return archive;
}

Result<bool> wait_for_change(const std::string& socket, const Board& board,
                             std::chrono::milliseconds limit) {
  const auto part = std::min(limit, kWaitMax);
  if (board.projects.empty()) {
    std::this_thread::sleep_for(std::min(part, kPollGap));
    return true;
  }
  const std::string target = "/api/projects/" + percent_encode(board.projects.front().id) +
                             "/snapshot?epoch=" + board.epoch +
                             "&minRevision=" + std::to_string(board.revision + 1) +
                             "&waitMs=" + std::to_string(part.count());
  SB_TRY(const auto answer, local_request(socket, "GET", target, {}, {}, kAnswerTimeout));
  if (answer.status == 503) return fail(ErrorCode::unavailable, "the server is still starting");
  return answer.status != 504;  // 410, 404: another life of the server, another project
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kWhiteSpace) == std::string_view::npos;
}

Result<BoardRow> find_workspace(const std::vector<BoardRow>& rows, const std::string& text,
                                Naming naming) {
  if (is_blank(text)) return no_workspace();
  const Meant meant = look_up(rows, text, naming);
  if (!meant.found.empty()) return only(meant.found, text);
  return fail(ErrorCode::not_found, "no workspace of the board " + meant.what +
                                        "; snapboard list shows all, and with --archived those "
                                        "that were archived");
}

Result<BoardRow> find_archived(const Archive& archive, const std::string& text, Naming naming) {
  if (is_blank(text)) return no_workspace();
  const Meant meant = look_up(archive.rows, text, naming);
  if (!meant.found.empty()) return only(meant.found, text);
  if (archive.rows.empty()) return fail(ErrorCode::not_found, "no workspace is archived");
  return fail(ErrorCode::not_found,
              "no archived workspace " + meant.what + "; these are archived:" +
                  candidates(gather(archive.rows, [](const BoardRow&) { return true; })));
}

}  // namespace sb::app
