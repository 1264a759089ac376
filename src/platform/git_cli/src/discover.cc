#include <string_view>

#include <fmt/format.h>

#include "sb/git_cli/repository.h"

#include "config.h"
#include "files.h"

namespace sb::git_cli {
namespace {

constexpr std::string_view kDotGit = "/.git";
constexpr int kParentsMax = 4096;  // a path has fewer components

struct Found {
  std::string git_dir;   ///< private or shared
  std::string worktree;  ///< where its `.git` was found; empty: the git directory itself was named
};

/// Looks at one directory: does it hold a `.git`, or is it a git directory?
Result<std::optional<Found>> look_at(const std::string& directory) {
  const std::string dot_git = directory == "/" ? "/.git" : directory + "/.git";
  if (is_directory(dot_git)) {
    if (is_git_dir(dot_git)) return std::optional<Found>(Found{dot_git, directory});
  } else if (exists(dot_git)) {
    auto target = read_gitdir_file(dot_git);
    if (!target) {
      return fail(ErrorCode::not_found,
                  fmt::format("{} is not a git repository: {}", directory, target.error().message));
    }
    if (!is_git_dir(*target)) {
      return fail(
          ErrorCode::not_found,
          fmt::format("{} belongs to a git repository that is gone: {}", directory, *target));
    }
    return std::optional<Found>(Found{*target, directory});
  }
  if (is_git_dir(directory)) return std::optional<Found>(Found{directory, ""});
  return std::optional<Found>();
}

Repository describe(const Found& found) {
  Repository repository;
  repository.common_dir = common_dir_of(found.git_dir);
  const std::string& common = repository.common_dir;
  const auto config = read_repository_config(common);
  const bool named_dot_git = name_of(common) == ".git";
  repository.bare =
      config.bare.value_or(!named_dot_git && !config.worktree && found.worktree.empty());
  if (!repository.bare && config.worktree) {
    repository.main_path = absolute_from(common, *config.worktree);
  } else if (common.ends_with(kDotGit)) {
    repository.main_path = common.size() == kDotGit.size() ? "/" : parent_of(common);
  } else if (!repository.bare && !found.worktree.empty() &&
             canonical(found.git_dir).value_or(found.git_dir) == common) {
    repository.main_path =
        found.worktree;  // --separate-git-dir: only its `.git` file knows the place
  } else {
    repository.main_path = common;
  }
  repository.main_path = canonical(repository.main_path).value_or(repository.main_path);
  return repository;
}

}  // namespace

Result<Repository> discover(const std::string& path) {
  if (path.empty()) return fail(ErrorCode::not_found, "the path is empty");
  const auto start = canonical(path);
  if (!start) return fail(ErrorCode::not_found, fmt::format("{} does not exist", path));
  std::string directory = is_directory(*start) ? *start : parent_of(*start);
  for (int i = 0; i < kParentsMax; ++i) {
    SB_TRY(const auto found, look_at(directory));
    if (found) return describe(*found);
    if (directory == "/") break;
    directory = parent_of(directory);
  }
  return fail(ErrorCode::not_found, fmt::format("{} is not inside a git repository", *start));
}

}  // namespace sb::git_cli
