#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sb/testing/git_repo.h"

// Short words over git_repo.h for tests that make many odd repositories: paths are plain text.

namespace sb::testing {

/// A temporary folder whose places are plain text.
class Sandbox {
 public:
  [[nodiscard]] std::string path() const { return dir_.str(); }
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return dir_.str() + "/" + std::string(name);
  }

 private:
  TempDir dir_;
};

/// Runs git where failing is fine; its exit code.
inline int try_git(const std::string& cwd, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "git");
  ChildProcess child(arguments, cwd, git_environment());
  static_cast<void>(child.read_all());
  return child.wait();
}

/// A new repository on branch main without a commit.
inline std::string init_repository(const std::string& path) {
  return GitRepo(path, GitRepo::Kind::empty).str();
}

/// Stages everything and commits it.
inline void commit_all(const std::string& path, const std::string& subject) {
  git(path, {"add", "-A"});
  git(path, {"commit", "-q", "--allow-empty", "-m", subject});
}

}  // namespace sb::testing
