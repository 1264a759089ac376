#include "read_job.h"

#include <sys/stat.h>

#include "sb/git_cli/repository.h"

namespace sb::git {
namespace {

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string nearest_ancestor_of(std::string path) {
  while (path.size() > 1) {
    const auto slash = path.find_last_of('/');
    path.resize(slash == std::string::npos || slash == 0 ? 1 : slash);
    if (is_directory(path)) return path;
  }
  return "/";
}

}  // namespace

ReadResult run_read(const ReadJob& job, const git_cli::WorktreeReader& reader) {
  const auto started = std::chrono::steady_clock::now();
  ReadResult result;
  result.locked =
      git_cli::index_is_locked(job.place.git_dir) || git_cli::is_being_made(job.place.git_dir);
  if (job.mind_lock && result.locked) {
    result.kind = ReadResult::Kind::locked;
    return result;
  }
  result.fingerprint = git_cli::take_fingerprint(job.place, job.upstream);
  if (job.unless && *job.unless == result.fingerprint) {
    result.kind = ReadResult::Kind::unchanged;
    return result;
  }
  result.reading = reader.read(job.place, result.fingerprint.refs, job.options);
  result.git_activity = git_cli::last_git_activity(job.place.git_dir);
  if (result.reading.problem && result.reading.problem->code == "worktree_missing") {
    result.nearest_ancestor = nearest_ancestor_of(job.place.path);
  }
  result.took = std::chrono::steady_clock::now() - started;
  return result;
}

}  // namespace sb::git
