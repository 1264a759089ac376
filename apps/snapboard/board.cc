#include "board.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <climits>

#include "local_api.h"

namespace sb::app {
namespace {

constexpr std::chrono::milliseconds kWaitMax{20'000};  // of one request
constexpr std::chrono::milliseconds kPollGap{200};     // while there is no project to wait on
constexpr std::chrono::seconds kAnswerTimeout{30};
constexpr std::size_t kCandidatesShown = 10;
constexpr std::size_t kIdPrefixMin = 4;  // characters: fewer are a slip rather than a choice
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

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
  if (const auto problem = entry.find("problem"); problem && !problem->is_null()) {
    row.problem_code = text_of(*problem, "code");
    row.problem = lines_of(*problem, "message");
  }
  return row;
}

Result<BoardRow> only(const std::vector<const BoardRow*>& found, const std::string& text) {
  if (found.size() == 1) return *found.front();
  std::string message = printable(text) + " can mean " + std::to_string(found.size()) +
                        " workspaces; say which by its id:";
  for (std::size_t i = 0; i < std::min(found.size(), kCandidatesShown); ++i) {
    message += "\n  " + found[i]->id + "  " + found[i]->project + "  " + found[i]->name;
    if (!found[i]->branch.empty()) message += "  (" + found[i]->branch + ")";
  }
  if (found.size() > kCandidatesShown) message += "\n  \u2026";
  return fail(ErrorCode::conflict, message);
}

template <class Fits>
std::vector<const BoardRow*> gather(const std::vector<BoardRow>& rows, Fits&& fits) {
  std::vector<const BoardRow*> found;
  for (const BoardRow& row : rows) {
    if (fits(row)) found.push_back(&row);
  }
  return found;
}

Result<BoardRow> at_path(const std::vector<BoardRow>& rows, const std::string& text) {
  const std::string path = real_path(text);
  // The innermost worktree: one may stand inside another.
  std::size_t deepest = 0;
  for (const BoardRow& row : rows) {
    if (is_inside(path, row.path)) deepest = std::max(deepest, row.path.size());
  }
  const auto found = gather(rows, [&](const BoardRow& row) {
    return row.path.size() == deepest && is_inside(path, row.path);
  });
  if (!found.empty()) return only(found, text);
  return fail(ErrorCode::not_found, printable(path) + " is in no workspace of the board");
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
  SB_TRY(const std::string projects_text, api_get(socket, "/api/projects"));
  JsonDocument projects_document;
  SB_TRY(const JsonValue projects, projects_document.parse(projects_text));
  std::vector<std::pair<std::string, std::string>> ids;
  projects.each_element([&](std::size_t, JsonValue project) {
    const auto id = project.find("id");
    ids.emplace_back(id ? id->as_string().value_or("") : "", text_of(project, "name"));
  });
  Board board;
  for (const auto& [id, name] : ids) {
    auto read = api_get(socket, "/api/projects/" + path_segment(id) + "/snapshot");
    if (!read && read.error().code == ErrorCode::not_found) continue;  // removed meanwhile
    SB_TRY(std::string text, std::move(read));
    JsonDocument document;
    SB_TRY(const JsonValue snapshot, document.parse(text));
    const auto revision = snapshot.find("revision");
    const auto head = static_cast<std::uint64_t>(revision ? revision->as_int().value_or(0) : 0);
    board.revision = board.project_ids.empty() ? head : std::min(board.revision, head);
    board.epoch = text_of(snapshot, "epoch");
    board.project_ids.push_back(id);
    if (const auto entries = snapshot.find("entries")) {
      entries->each_element([&](std::size_t, JsonValue entry) {
        BoardRow row = to_row(entry);
        row.project_id = id;
        row.project = name;
        row.entry = json_text(entry);
        board.rows.push_back(std::move(row));
      });
    }
    board.snapshots.push_back(std::move(text));
  }
  return board;
}

Result<bool> wait_for_change(const std::string& socket, const Board& board,
                             std::chrono::milliseconds limit) {
  const auto part = std::min(limit, kWaitMax);
  if (board.project_ids.empty()) {
    std::this_thread::sleep_for(std::min(part, kPollGap));
    return true;
  }
  const std::string target = "/api/projects/" + path_segment(board.project_ids.front()) +
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
  if (is_blank(text)) return fail(ErrorCode::invalid_argument, "the workspace is empty");
  const auto by_id = gather(rows, [&](const BoardRow& row) { return row.id == text; });
  if (!by_id.empty()) return only(by_id, text);
  if (text.starts_with('.') || text.starts_with('/')) return at_path(rows, text);
  const auto by_name = gather(rows, [&](const BoardRow& row) {
    return row.name == text || row.branch == text;  // a detached HEAD has no branch
  });
  if (!by_name.empty()) return only(by_name, text);
  if (naming == Naming::loose) {
    const bool long_enough = text.size() >= kIdPrefixMin;
    const auto by_prefix =
        gather(rows, [&](const BoardRow& row) { return long_enough && row.id.starts_with(text); });
    if (!by_prefix.empty()) return only(by_prefix, text);
    if (access(text.c_str(), F_OK) == 0) return at_path(rows, text);
  }
  return fail(ErrorCode::not_found, "no workspace has the id, name or branch " + printable(text) +
                                        "; snapboard list shows all");
}

}  // namespace sb::app
