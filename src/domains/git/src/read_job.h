#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "sb/core/clock.h"
#include "sb/git_cli/worktree_reader.h"

namespace sb::git {

/// The part of a read that runs on a worker.
struct ReadJob {
  git_cli::WorktreePlace place;
  std::optional<std::string> upstream;  ///< as the last reading said
  git_cli::ReadOptions options;
  /// Set: git is asked only if the worktree's fingerprint differs from this one.
  std::optional<git_cli::Fingerprint> unless;
  bool mind_lock = true;  ///< come back when index.lock is gone and the checkout has ended
};

struct ReadResult {
  enum class Kind {
    read,
    unchanged,  ///< the fingerprint did not differ
    locked,     ///< somebody holds the index
  };
  Kind kind = Kind::read;
  bool locked = false;               ///< as it began
  git_cli::Fingerprint fingerprint;  ///< taken before git was asked
  git_cli::Reading reading;
  std::optional<WallTime> git_activity;
  std::string nearest_ancestor;  ///< of a missing worktree: the folder that is there
  std::chrono::nanoseconds took{0};
};

/// Blocks: workers only.
ReadResult run_read(const ReadJob& job, const git_cli::WorktreeReader& reader);

}  // namespace sb::git
