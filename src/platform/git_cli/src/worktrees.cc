#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/git_cli/repository.h"

#include "files.h"
#include "head.h"
#include "refs.h"

namespace sb::git_cli {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::string_view kDotGit = "/.git";
constexpr std::string_view kMakingMark = "initializing";  // git's reason for its lock meanwhile

std::int64_t nanoseconds(const struct statx_timestamp& time) {
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

WallTime wall(std::int64_t ns) {
  return WallTime(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(ns)));
}

/// Identity and age of a private git directory. False when it is gone.
bool identify(const std::string& git_dir, WorktreeRecord& record) {
  struct statx info{};
  const unsigned wanted = STATX_BASIC_STATS | STATX_BTIME;
  if (::statx(AT_FDCWD, git_dir.c_str(), AT_STATX_SYNC_AS_STAT, wanted, &info) != 0) return false;
  const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
  record.identity.path = git_dir;
  record.identity.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  record.identity.inode = info.stx_ino;
  record.identity.birth_ns = has_birth ? nanoseconds(info.stx_btime) : 0;
  std::int64_t created = record.identity.birth_ns;
  if (!has_birth) {
    created = std::min(nanoseconds(info.stx_mtime), nanoseconds(info.stx_ctime));
    struct statx
        written{};  // `commondir` and `description` are written once, when the directory is made
    const auto name = git_dir + (record.is_main ? "/description" : "/commondir");
    if (::statx(AT_FDCWD, name.c_str(), AT_STATX_SYNC_AS_STAT, STATX_MTIME, &written) == 0) {
      created = std::min(created, nanoseconds(written.stx_mtime));
    }
  }
  record.created_at = wall(created);
  return true;
}

void fill_head(WorktreeRecord& record, RefReader& refs) {
  refs.set_git_dir(record.git_dir);
  auto head = read_head(record.git_dir, refs);
  if (head) {
    record.head = std::move(*head);
  } else if (!record.problem) {
    record.problem = to_valid_utf8(head.error().message);
  }
}

/// The entries of a directory; none when it does not exist. Any other failure is one: what cannot
/// be listed is not gone.
Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> open(::opendir(directory.c_str()), close);
  if (!open && errno == ENOENT) return names;
  if (!open) {
    return fail(ErrorCode::unavailable,
                fmt::format("cannot list {}: {}", directory, std::strerror(errno)));
  }
  while (const dirent* entry = ::readdir(open.get())) {  // NOLINT(concurrency-mt-unsafe): own DIR
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

WorktreeRecord main_worktree(const Repository& repository) {
  WorktreeRecord record;
  record.is_main = true;
  record.path = repository.main_path;
  record.git_dir = repository.common_dir;
  record.missing = !is_directory(repository.main_path);
  identify(repository.common_dir, record);
  return record;
}

/// A linked worktree. Nothing where git would not list it: there is no `gitdir`, or the directory
/// vanished meanwhile. An error where it cannot be known.
Result<std::optional<WorktreeRecord>> linked_worktree(const std::string& git_dir) {
  using Nothing = std::optional<WorktreeRecord>;
  auto place = read_file(git_dir + "/gitdir");
  if (!place && place.error().code != ErrorCode::not_found) return std::move(place).error();
  if (!place || without_line_end(*place).empty()) return Nothing();
  WorktreeRecord record;
  record.git_dir = git_dir;
  if (!identify(git_dir, record)) return Nothing();
  const std::string dot_git = absolute_from(git_dir, without_line_end(*place));
  record.path =
      dot_git.ends_with(kDotGit) ? dot_git.substr(0, dot_git.size() - kDotGit.size()) : dot_git;
  record.being_made = is_being_made(git_dir);
  record.missing = !exists(dot_git);
  if (!record.missing) {
    const auto back = read_gitdir_file(dot_git);
    if (!back || canonical(*back).value_or(*back) != git_dir) {
      record.problem = to_valid_utf8(fmt::format(
          "{} does not lead back to this repository; `git worktree repair` may help.", dot_git));
    }
  }
  return Nothing(std::move(record));
}

}  // namespace

bool is_being_made(const std::string& git_dir) {
  const auto locked = read_file(git_dir + "/locked");
  return locked && without_line_end(*locked) == kMakingMark;
}

Result<std::vector<WorktreeRecord>> list_worktrees(const Repository& repository) {
  const std::string& common = repository.common_dir;
  if (!is_git_dir(common)) {
    return fail(ErrorCode::not_found, fmt::format("{} is not a git directory", common));
  }
  RefReader refs(common, common);
  std::vector<WorktreeRecord> found;
  if (!repository.bare) found.push_back(main_worktree(repository));
  const std::string linked = common + "/worktrees";
  SB_TRY(const auto names, names_in(linked));
  for (const auto& name : names) {
    std::string git_dir = linked;
    git_dir.append("/").append(name);
    SB_TRY(auto record, linked_worktree(git_dir));
    if (record) found.push_back(*std::move(record));
  }
  for (auto& record : found) fill_head(record, refs);
  return found;
}

}  // namespace sb::git_cli
