#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

namespace sb::testing {

/// The environment in which tests run git: no configuration of the user or the machine, a fixed
/// author, no prompt.
inline const std::map<std::string, std::string>& git_environment() {
  static const std::map<std::string, std::string> environment{
      {"GIT_CONFIG_GLOBAL", "/dev/null"},
      {"GIT_CONFIG_NOSYSTEM", "1"},
      {"GIT_AUTHOR_NAME", "Test"},
      {"GIT_AUTHOR_EMAIL", "test@example.com"},
      {"GIT_COMMITTER_NAME", "Test"},
      {"GIT_COMMITTER_EMAIL", "test@example.com"},
      {"GIT_TERMINAL_PROMPT", "0"},
      {"LC_ALL", "C"},
      {"GIT_DIR", ""},
      {"GIT_WORK_TREE", ""},
      {"GIT_INDEX_FILE", ""},
  };
  return environment;
}

/// Runs git in `cwd` and returns its standard output without the last newline. Throws when git
/// fails.
inline std::string git(const std::filesystem::path& cwd, std::vector<std::string> arguments) {
  std::vector<std::string> argv{"git", "-c", "protocol.file.allow=always", "-c",
                                "advice.detachedHead=false"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  ChildProcess child(argv, cwd.string(), git_environment());
  std::string out = child.read_all();
  if (const int code = child.wait(); code != 0) {
    std::string line;
    for (const auto& argument : argv) line += argument + " ";
    throw std::runtime_error(line + "exited with " + std::to_string(code) + " in " + cwd.string());
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// A real repository with `main` checked out, made by git itself.
class GitRepo {
 public:
  enum class Kind { with_commit, empty, bare };

  /// Creates the repository at `path`; the first commit holds `README.md`.
  explicit GitRepo(std::filesystem::path path, Kind kind = Kind::with_commit)
      : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    if (kind == Kind::bare) {
      git({"init", "-q", "--bare", "-b", "main"});
      return;
    }
    git({"init", "-q", "-b", "main"});
    if (kind == Kind::with_commit) commit("README.md", "hello\n", "first");
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string str() const { return path_.string(); }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

  /// Runs git in the main worktree.
  std::string git(std::vector<std::string> arguments) const {
    return sb::testing::git(path_, std::move(arguments));
  }

  /// Writes one file in `worktree` (empty: the main one) and commits it.
  void commit(const std::string& file, std::string_view content, const std::string& message,
              const std::filesystem::path& worktree = {}) const {
    const auto& where = worktree.empty() ? path_ : worktree;
    write_file(where / file, content);
    sb::testing::git(where, {"add", "--", file});
    sb::testing::git(where, {"commit", "-q", "-m", message});
  }

  /// `git worktree add -b <branch> <path>`; a relative path is taken from the main worktree.
  std::filesystem::path add_worktree(const std::filesystem::path& where,
                                     const std::string& branch) const {
    const auto target = (path_ / where).lexically_normal();
    git({"worktree", "add", "-q", "-b", branch, target.string()});
    return target;
  }
  void move_worktree(const std::filesystem::path& from, const std::filesystem::path& to) const {
    git({"worktree", "move", from.string(), to.string()});
  }
  void remove_worktree(const std::filesystem::path& where) const {
    git({"worktree", "remove", "--force", where.string()});
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sb::testing
