#include "place.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/workspace/workspace_service.h"

#include "naming.h"

namespace sb::workspace {
namespace {

constexpr mode_t kFolderMode = 0755;  // before the umask
constexpr std::string_view kFolderSuffix = ".worktrees";

bool is_there(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 || errno != ENOENT;
}

bool is_among(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// The branch, of the repository or of a workspace not made yet, that leaves no room for this one.
Result<std::optional<std::string>> branch_in_the_way(const git_cli::RepositoryQuestions& questions,
                                                     const Survey& survey,
                                                     const std::string& branch) {
  for (const auto& planned : survey.branches) {
    if (git_cli::branches_collide(planned, branch)) return std::optional(planned);
  }
  return questions.branch_in_the_way(survey.project.common_dir, branch);
}

Result<void> check_branch_is_free(const git_cli::RepositoryQuestions& questions,
                                  const Survey& survey, const std::string& branch) {
  if (auto sound = check_branch(branch); !sound) {
    return fail(sound.error().code, sound.error().message, "$.branchName");
  }
  SB_TRY(const auto held, branch_in_the_way(questions, survey, branch));
  if (!held) return {};
  return fail(
      ErrorCode::conflict,
      *held == branch
          ? fmt::format("there is a branch \"{}\" already", branch)
          : fmt::format("there is a branch \"{}\", and git has no room for \"{}\" beside it",
                        to_valid_utf8(*held), branch),
      "$.branchName");
}

/// Makes the folder and what is missing above it; answers its canonical path, as git will list it.
Result<std::string> make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::path made;
  for (const auto& part : std::filesystem::path(path)) {
    made /= part;
    if (::mkdir(made.c_str(), kFolderMode) != 0 && errno != EEXIST && !error) {
      error.assign(errno, std::system_category());
    }
  }
  std::error_code missing;
  auto canonical = std::filesystem::canonical(path, missing);
  if (!missing && std::filesystem::is_directory(canonical, missing)) return canonical.string();
  return fail(ErrorCode::conflict, fmt::format("cannot make the folder {}: {}", to_valid_utf8(path),
                                               error ? error.message() : "it is no folder"));
}

Result<void> check_start(const std::string& from) {
  const bool shaped = !from.empty() && from.size() <= WorkspaceService::kNameBytesMax &&
                      !from.starts_with('-') && is_valid_utf8(from);
  if (shaped) return {};
  return fail(ErrorCode::invalid_argument, "this is no revision of git", "$.from");
}

}  // namespace

std::string slug(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    const bool upper = c >= 'A' && c <= 'Z';
    if (plain || upper) {
      if (c == '.' && (text.empty() || text.ends_with('.'))) continue;
      text += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!text.empty() && !text.ends_with('-')) {
      text += '-';
    }
    if (text.size() >= kSlugBytesMax) break;
  }
  constexpr std::string_view kLock = ".lock";  // git refuses branches with such an end
  for (;;) {
    if (text.ends_with('-') || text.ends_with('.')) {
      text.pop_back();
    } else if (text.ends_with(kLock)) {
      text.resize(text.size() - kLock.size());
    } else {
      break;
    }
  }
  return text.empty() ? "workspace" : text;
}

std::string worktrees_folder(const ProjectRow& project, const std::string& worktrees_dir) {
  const std::string name = slug(repository_name(project.repo_path));
  if (!worktrees_dir.empty()) return worktrees_dir + "/" + name;
  const auto slash = project.repo_path.rfind('/');
  return project.repo_path.substr(0, slash) + "/" + repository_name(project.repo_path) +
         std::string(kFolderSuffix);
}

Result<Plan> choose_place(const git_cli::RepositoryQuestions& questions,
                          const WorkspaceCommands::Wish& wish, const Survey& survey,
                          const std::string& worktrees_dir) {
  const std::string& place = survey.project.common_dir;
  Plan plan;
  plan.project = survey.project.id;
  SB_TRY(plan.name, tidy_name(wish.name));
  if (wish.branch) SB_TRY_VOID(check_branch_is_free(questions, survey, *wish.branch));
  if (wish.from) {
    SB_TRY_VOID(check_start(*wish.from));
    auto commit = questions.commit_of(place, *wish.from);
    if (!commit && commit.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::invalid_argument, commit.error().message, "$.from");
    }
    SB_TRY(plan.commit, std::move(commit));
  } else {
    auto commit = questions.default_start(place, survey.project.default_branch);
    if (!commit && commit.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::conflict, commit.error().message);
    }
    SB_TRY(plan.commit, std::move(commit));
  }
  SB_TRY(const std::string folder, make_folder(worktrees_folder(survey.project, worktrees_dir)));
  const std::string base = slug(plan.name);
  for (std::size_t number = 1; number <= kNumberedNamesMax; ++number) {
    const std::string name = number == 1 ? base : fmt::format("{}-{}", base, number);
    plan.worktree_path = fmt::format("{}/{}", folder, name);
    if (is_there(plan.worktree_path) || is_among(survey.paths, plan.worktree_path)) continue;
    plan.branch = wish.branch.value_or(name);
    if (wish.branch) return plan;
    SB_TRY(const auto held, branch_in_the_way(questions, survey, name));
    if (!held) return plan;
  }
  return fail(ErrorCode::conflict, fmt::format("{} and the numbers after it are all taken in {}",
                                               base, to_valid_utf8(folder)));
}

}  // namespace sb::workspace
