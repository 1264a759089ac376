#include "shell_target.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sb/git_cli/repository.h"

#include "board.h"
#include "local_api.h"

namespace sb::app {
namespace {

Result<ShellTarget> from_board(const std::string& socket, const std::string& text) {
  SB_TRY(const Board board, read_board(socket));
  SB_TRY(const BoardRow row, find_workspace(board.rows, text));
  if (row.path.empty()) {
    return fail(ErrorCode::not_found, row.name + " has no worktree on this machine");
  }
  return ShellTarget{real_path(row.path), row.id};
}

/// Without a server: a path in a worktree, or the branch or the folder of one of its siblings.
Result<ShellTarget> from_repository(const std::string& text) {
  const bool by_path = text.starts_with('.') || text.starts_with('/');
  SB_TRY(const auto repository, git_cli::discover(by_path ? text : "."));
  SB_TRY(const auto worktrees, git_cli::list_worktrees(repository));
  const std::string path = by_path ? real_path(text) : "";
  std::vector<std::string> found;
  for (const auto& worktree : worktrees) {
    if (worktree.missing) continue;
    if (by_path) {
      if (!is_inside(path, worktree.path)) continue;
      // The innermost: one may stand inside another.
      if (found.empty()) found.push_back(worktree.path);
      if (worktree.path.size() > found.front().size()) found.front() = worktree.path;
    } else if (worktree.head.branch == text ||
               std::filesystem::path(worktree.path).filename() == text) {
      found.push_back(worktree.path);
    }
  }
  if (found.empty()) {
    return fail(ErrorCode::not_found,
                "no server runs, and no worktree here is called " + printable(text));
  }
  if (found.size() > 1) {
    return fail(ErrorCode::conflict,
                "no server runs, and several worktrees here can be meant; say which by its path");
  }
  return ShellTarget{found.front(), {}};
}

bool can_run(const std::string& path) {
  return path.starts_with('/') && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<ShellTarget> find_shell_target(const std::string& socket, const std::string& text) {
  if (is_blank(text)) return fail(ErrorCode::invalid_argument, "the workspace is empty");
  auto target = from_board(socket, text);
  const bool reached = target || (target.error().code != ErrorCode::unavailable &&
                                  target.error().code != ErrorCode::timeout);
  return reached ? std::move(target) : from_repository(text);
}

Result<std::string> users_shell() {
  const char* const named = std::getenv("SHELL");
  if (named != nullptr && can_run(named)) return std::string(named);
  constexpr std::size_t kAccountBytes = 16U << 10U;
  std::vector<char> buffer(kAccountBytes);
  passwd account{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &account, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr && can_run(account.pw_shell)) {
    return std::string(account.pw_shell);
  }
  if (can_run("/bin/sh")) return std::string("/bin/sh");
  return fail(ErrorCode::not_found, "there is no shell: set SHELL");
}

}  // namespace sb::app
