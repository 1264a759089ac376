#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/result.h"

namespace sb::app {

/// One workspace as the tools show it; texts are printable.
struct BoardRow {
  std::string project_id, project, id, name, branch, path;
  std::string code, label, column, additions, deletions;
  std::string problem_code, problem;  ///< empty: none; the sentence may have several lines
  std::int64_t version = 0;
  bool needs_user = false;
  std::string entry;  ///< the complete entry as JSON
};

/// One project as the tools show it; texts but for the id are printable.
struct BoardProject {
  std::string id, name;
  std::string problem_code, problem;  ///< empty: none
};

/// Every visible workspace of every project, as one read of each project saw it.
struct Board {
  std::string epoch;
  std::uint64_t revision = 0;  ///< everything up to here is in it
  std::vector<BoardProject> projects;
  std::vector<BoardRow> rows;
  std::vector<std::string> snapshots;  ///< the texts of the reads, for --json
};

/// Reads the board. Errors: unavailable, timeout, internal.
Result<Board> read_board(const std::string& socket);
/// The same where `find_socket` finds the server by the socket that was given, if any.
Result<Board> board_at(const std::string& given_socket);

/// The workspaces that were taken off the board and can come back, of every project.
struct Archive {
  std::vector<BoardRow> rows;      ///< what is known of them: names, branch, path, problem
  bool complete = true;            ///< false: the oldest ones are left out
  std::vector<std::string> lists;  ///< the texts of the reads, for --json
};

/// Reads it. Errors: as read_board.
Result<Archive> read_archive(const std::string& socket);

/// Waits until something may have changed since `board` was read, or `limit` is over: false then.
/// Nothing that happens between the read and the wait is missed. Errors: unavailable (the server
/// went away).
Result<bool> wait_for_change(const std::string& socket, const Board& board,
                             std::chrono::milliseconds limit);

/// How freely a text may name a workspace.
enum class Naming {
  loose,  ///< also by the beginning of its id, or by any path that exists
  exact   ///< for what cannot be undone: id, name, branch, or a path that begins with "." or "/"
};

/// Finds what a person means by `text`: an id, a path in a worktree ("." too), a name, a branch,
/// the beginning of an id. Errors: invalid_argument (blank); not_found; conflict, listing the
/// candidates.
Result<BoardRow> find_workspace(const std::vector<BoardRow>& rows, const std::string& text,
                                Naming naming = Naming::loose);

/// The same among those that were archived; not_found also lists candidates.
Result<BoardRow> find_archived(const Archive& archive, const std::string& text,
                               Naming naming = Naming::loose);

/// True when there is nothing but white space in it: a variable of the shell that is not set.
[[nodiscard]] bool is_blank(std::string_view text);

/// The path without links, as it was when there is none.
[[nodiscard]] std::string real_path(const std::string& path);
/// True when `path` is `folder` or below it.
[[nodiscard]] bool is_inside(const std::string& path, const std::string& folder);

}  // namespace sb::app
