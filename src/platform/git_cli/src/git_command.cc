#include "git_command.h"

#include <sys/stat.h>

#include <cerrno>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/git_cli/worktree_changes.h"

#include "files.h"

namespace sb::git_cli {
namespace {

constexpr std::size_t kMessageBytesMax = 500;

std::string clean(std::string_view text) {
  return to_valid_utf8(text.substr(0, kMessageBytesMax));
}

/// Removes the first line and returns it.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

/// With what an ending colon announces; without such a line, whatever it said first.
std::string failure_reason(std::string_view text) {
  std::string_view first;
  while (!text.empty()) {
    const auto line = take_line(text);
    for (const std::string_view prefix : {"fatal: ", "error: "}) {
      if (!line.starts_with(prefix)) continue;
      std::string reason(line.substr(prefix.size()));
      if (!reason.ends_with(':')) return clean(reason);
      while (text.starts_with('\n')) take_line(text);
      auto announced = take_line(text);
      announced.remove_prefix(std::min(announced.find_first_not_of(" \t"), announced.size()));
      return clean((reason += ' ').append(announced));
    }
    if (first.empty()) first = line;
  }
  return clean(first);
}

ProcessSpec git_command(const std::string& worktree, std::vector<std::string> arguments,
                        std::chrono::milliseconds timeout) {
  ProcessSpec spec;
  spec.cwd = worktree;
  spec.timeout = timeout;
  spec.output_bytes_max = WorktreeReader::kOutputBytesMax;
  spec.argv = {"git", "--no-optional-locks",
               // An empty value also turns off a hook program, which older versions knew only.
               "-c", "core.fsmonitor=",
               // We run two at a time on purpose; threads inside each only cost.
               "-c", "core.preloadIndex=false", "-c", "core.quotePath=false", "-c",
               "diff.ignoreSubmodules=none", "-c", "diff.orderFile=/dev/null"};
  spec.argv.insert(spec.argv.end(), std::make_move_iterator(arguments.begin()),
                   std::make_move_iterator(arguments.end()));
  spec.set_env = {{"GIT_OPTIONAL_LOCKS", "0"},
                  {"GIT_TERMINAL_PROMPT", "0"},
                  {"GIT_NO_LAZY_FETCH", "1"},
                  {"LC_ALL", "C"},
                  // If `.git` vanishes, a repository around the worktree must not answer for it.
                  {"GIT_CEILING_DIRECTORIES", parent_of(worktree)}};
  spec.unset_env = {"GIT_DIR",
                    "GIT_WORK_TREE",
                    "GIT_INDEX_FILE",
                    "GIT_INDEX_VERSION",
                    "GIT_COMMON_DIR",
                    "GIT_OBJECT_DIRECTORY",
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                    "GIT_QUARANTINE_PATH",
                    "GIT_NAMESPACE",
                    "GIT_PREFIX",
                    "GIT_SUPER_PREFIX",
                    "GIT_INTERNAL_SUPER_PREFIX",
                    "GIT_IMPLICIT_WORK_TREE",
                    "GIT_SHALLOW_FILE",
                    "GIT_GRAFT_FILE",
                    "GIT_REPLACE_REF_BASE",
                    "GIT_NO_REPLACE_OBJECTS",
                    "GIT_ATTR_SOURCE",
                    "GIT_CONFIG",
                    "GIT_CONFIG_PARAMETERS",
                    "GIT_EXTERNAL_DIFF",
                    "GIT_DIFF_OPTS",
                    "GIT_LITERAL_PATHSPECS",
                    "GIT_GLOB_PATHSPECS",
                    "GIT_NOGLOB_PATHSPECS",
                    "GIT_ICASE_PATHSPECS",
                    "GIT_TRACE",
                    "GIT_TRACE2",
                    "GIT_TRACE_SETUP",
                    "GIT_TRACE_PERFORMANCE"};
  return spec;
}

ReadProblem explain_failure(const std::string& worktree, const ProcessOutput& output) {
  if (auto problem = look_for_worktree(worktree)) return *std::move(problem);
  const auto says = [&output](std::string_view text) {
    return output.err.find(text) != std::string::npos;
  };
  if (says("dubious ownership") || says("is owned by someone else")) {
    return {"dubious_ownership",
            clean(fmt::format("git refuses to read {}, because another user owns it. To allow it: "
                              "git config --global --add safe.directory '{}'",
                              worktree, worktree))};
  }
  const std::string reason = failure_reason(output.err);
  if (says("not a git repository") || says("must be run in a work tree")) {
    return {"not_a_repository", clean(fmt::format("{} is no git worktree: {}", worktree, reason))};
  }
  return {"git_failed", clean(fmt::format("git failed with exit code {}: {}", output.exit_code,
                                          reason.empty() ? "it gave no reason" : reason))};
}

ReadProblem explain_failure(const Error& error) {
  return {error.code == ErrorCode::timeout ? "git_timeout" : "git_failed", clean(error.message)};
}

std::optional<ReadProblem> look_for_worktree(const std::string& worktree) {
  struct stat info{};
  const bool absent = ::stat(worktree.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
  if (absent || (info.st_mode != 0 && !S_ISDIR(info.st_mode))) {
    return ReadProblem{"worktree_missing", clean(fmt::format("The folder {} is gone.", worktree))};
  }
  const std::string dot_git = worktree + "/.git";
  if (::lstat(dot_git.c_str(), &info) != 0 && errno == ENOENT) {
    return ReadProblem{"not_a_repository",
                       clean(fmt::format("{} is no git worktree: it has no .git.", worktree))};
  }
  return std::nullopt;
}

}  // namespace sb::git_cli
