#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/git_cli/repository.h"
#include "sb/sqlite/database.h"
#include "sb/workspace/types.h"
#include "sb/workspace/workspace_service.h"

// Adoption in two steps: a worker reads what git has, a job on the database thread makes the rows
// equal.

namespace sb::workspace {

/// What a worker found on disk. A `failure` says nothing about single worktrees.
struct Enumeration {
  git_cli::Repository repository;
  std::vector<git_cli::WorktreeRecord> records;
  std::optional<std::string> missing_branch;  ///< the configured default branch, if it is not there
  std::optional<Error> failure;
};

/// Reads the repository of a registered project. Blocks on files: for workers.
[[nodiscard]] Enumeration enumerate(const ProjectRow& project);

/// Whether a stored workspace and a worktree found now are the same one. The device is left out:
/// its number may change at every boot. The birth time decides where the file system tells it, else
/// the inode does.
[[nodiscard]] bool same_git_dir(const std::string& git_dir, std::uint64_t inode,
                                std::int64_t birth_ns, const git_cli::GitDirIdentity& found);

/// Problems of a project and its workspaces. Not in the database: true only as of the last
/// enumeration.
struct Problems {
  std::optional<model::Problem> project;
  std::map<model::WorkspaceId, model::Problem> workspaces;
};

struct AdoptionTask {
  model::ProjectId project;
  Enumeration found;
  std::vector<model::WorkspaceId> new_ids;  ///< one per record, used where a record is new
  std::uint64_t stamp = 0;
  Problems before;
};

/// What the job changed, to be told after the commit.
struct AdoptionOutcome {
  std::vector<Event> events;  ///< project, then removals, then changes
  Problems problems;
  WorkspaceService::Adoption counts;
  ProjectRow project;
};

/// Compares rows and records and writes the differences, all inside the job's transaction of the
/// only writer, so that what was compared is what is replaced. Errors: not_found (the project was
/// removed meanwhile), internal.
Result<AdoptionOutcome> apply_adoption(sqlite::Database& database, const AdoptionTask& task);

}  // namespace sb::workspace
