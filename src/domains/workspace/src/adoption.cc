#include "adoption.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "sb/core/utf8.h"

#include "naming.h"
#include "tables.h"

namespace sb::workspace {
namespace {

using git_cli::WorktreeRecord;
using model::Problem;

constexpr std::string_view kNotARepository = "not_a_repository";

std::optional<Problem> problem_of(const WorktreeRecord& record) {
  if (record.missing) {
    return Problem{"worktree_missing",
                   fmt::format("The folder {} is gone; git still lists the worktree.",
                               to_valid_utf8(record.path))};
  }
  if (record.problem) return Problem{"git_failed", to_valid_utf8(*record.problem)};
  if (record.head.needs_git && !record.head.branch) {
    return Problem{"git_failed",
                   "The branch is unknown: this repository does not keep its refs in files."};
  }
  return std::nullopt;
}

std::optional<Problem> problem_of(const ProjectRow& project, const Enumeration& found) {
  if (found.failure) {
    return Problem{std::string(kNotARepository), to_valid_utf8(found.failure->message)};
  }
  if (found.repository.bare && found.records.empty()) {
    return Problem{"bare",
                   "This repository is bare and has no worktree; `git worktree add` makes one."};
  }
  if (found.missing_branch && found.missing_branch == project.default_branch) {
    return Problem{"default_branch_missing",
                   fmt::format("There is no branch {}, here or at origin, to compare workspaces "
                               "with.",
                               *found.missing_branch)};
  }
  return std::nullopt;
}

/// A branch without a commit is there as soon as it is checked out.
bool is_checked_out(const std::vector<WorktreeRecord>& records, const std::string& branch) {
  return std::any_of(records.begin(), records.end(),
                     [&](const WorktreeRecord& record) { return record.head.branch == branch; });
}

/// What the record says about the row; what it cannot say stays.
WorkspaceRow updated(const StoredWorkspace& stored, const WorktreeRecord& record,
                     const git_cli::Repository& repository) {
  WorkspaceRow row = stored.row;
  if (!stored.renamed) {
    row.name = record.is_main ? repository_name(repository.main_path) : folder_name(record.path);
  }
  row.worktree_path = record.path;
  row.is_main = record.is_main;
  const bool head_known = record.head.branch || record.head.oid;
  if (head_known) {
    row.branch_name.reset();
    if (record.head.branch) row.branch_name = to_valid_utf8(*record.head.branch);
  }
  row.problem = problem_of(record);
  if (!row.problem) row.problem = setup_problem(stored);
  return row;
}

/// Its worktree is being made or removed by us, or could not be made: that git does not list it
/// says nothing.
bool keeps_its_place(const StoredWorkspace& stored) {
  using enum model::WorkspaceStatus;
  const auto status = stored.row.status;
  return stored.row.git_dir.empty() || status == NEW || status == PROVISIONING ||
         status == ARCHIVING;
}

/// A worktree whose making has come far enough to be read.
bool can_be_bound(const WorktreeRecord& record) {
  return !record.missing && !record.being_made && !record.problem &&
         (record.head.branch || record.head.oid);
}

bool shows_the_same(const WorkspaceRow& a, const WorkspaceRow& b) {
  return a.name == b.name && a.branch_name == b.branch_name && a.worktree_path == b.worktree_path &&
         a.is_main == b.is_main && a.git_dir == b.git_dir && a.problem == b.problem;
}

/// One run: holds what the steps share.
class Run {
 public:
  Run(sqlite::Database& database, const AdoptionTask& task) : database_(database), task_(task) {}

  Result<AdoptionOutcome> apply() {
    SB_TRY(auto project, find_project(database_, task_.project));
    if (!project) return fail(ErrorCode::not_found, "no such project");
    SB_TRY(auto rows, workspaces_of(database_, task_.project));
    for (auto& stored : rows) {
      const auto held = task_.before.workspaces.find(stored.row.id);
      if (held != task_.before.workspaces.end()) stored.row.problem = held->second;
    }
    SB_TRY_VOID(apply_project(*std::move(project)));
    if (task_.found.failure) {
      SB_TRY_VOID(keep_all(rows));
    } else {
      SB_TRY_VOID(make_equal(rows));
    }
    return std::move(outcome_);
  }

 private:
  Result<void> apply_project(ProjectRow project) {
    const std::string before = project.repo_path;
    if (!task_.found.failure) project.repo_path = task_.found.repository.main_path;
    project.problem = problem_of(project, task_.found);
    outcome_.problems.project = project.problem;
    if (project.repo_path != before || project.problem != task_.before.project) {
      project.stamp = task_.stamp;
      SB_TRY_VOID(update_project(database_, project));
      outcome_.events.emplace_back(ProjectChanged{project});
      ++outcome_.counts.changed;
    }
    outcome_.project = std::move(project);
    return {};
  }

  /// The repository cannot be read: nothing is known to be removed, so nothing is.
  Result<void> keep_all(const std::vector<StoredWorkspace>& rows) {
    const Problem unreadable{
        std::string(kNotARepository),
        to_valid_utf8(fmt::format("The repository {} cannot be read: {}.",
                                  outcome_.project.repo_path, task_.found.failure->message))};
    for (const StoredWorkspace& stored : rows) {
      StoredWorkspace next = stored;
      if (!stored.row.git_dir.empty()) next.row.problem = unreadable;
      SB_TRY_VOID(replace(stored, std::move(next)));
    }
    return {};
  }

  Result<void> make_equal(const std::vector<StoredWorkspace>& rows) {
    std::unordered_map<std::string_view, std::size_t> record_at;
    const auto& records = task_.found.records;
    for (std::size_t i = 0; i < records.size(); ++i) record_at.emplace(records[i].identity.path, i);

    // Removals first: a worktree made anew has the same private git directory as the one it
    // follows.
    std::vector<const StoredWorkspace*> known(records.size(), nullptr);
    std::unordered_map<std::string_view, const StoredWorkspace*> awaited;  // by path
    for (const StoredWorkspace& stored : rows) {
      const auto at = record_at.find(stored.row.git_dir);
      if (at != record_at.end() && same_git_dir(stored.row.git_dir, stored.inode, stored.birth_ns,
                                                records[at->second].identity)) {
        known[at->second] = &stored;
        continue;
      }
      if (keeps_its_place(stored)) {
        awaited.emplace(stored.row.worktree_path, &stored);
        continue;
      }
      SB_TRY_VOID(delete_workspace(database_, stored.row.id));
      outcome_.events.emplace_back(WorkspaceRemoved{stored.row.id, task_.project, task_.stamp});
      ++outcome_.counts.removed;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (known[i] == nullptr) {
        // The worktree a workspace waits for is no new one, from its first file on.
        if (const auto waiting = awaited.find(records[i].path); waiting != awaited.end()) {
          if (!can_be_bound(records[i])) continue;
          known[i] = waiting->second;
        }
      }
      if (known[i] == nullptr) {
        SB_TRY_VOID(add(records[i], task_.new_ids[i]));
      } else {
        StoredWorkspace next = *known[i];
        next.row = updated(*known[i], records[i], task_.found.repository);
        next.row.git_dir = records[i].identity.path;
        next.inode = records[i].identity.inode;
        next.birth_ns = records[i].identity.birth_ns;
        SB_TRY_VOID(replace(*known[i], std::move(next)));
      }
    }
    return {};
  }

  Result<void> add(const WorktreeRecord& record, const model::WorkspaceId& id) {
    StoredWorkspace added;
    added.row.id = id;
    added.row.project = task_.project;
    added.row.status = model::WorkspaceStatus::READY;
    added.row.created_at = record.created_at;
    added.row.git_dir = record.identity.path;
    added.row = updated(added, record, task_.found.repository);
    added.row.stamp = task_.stamp;
    added.inode = record.identity.inode;
    added.birth_ns = record.identity.birth_ns;
    SB_TRY_VOID(insert_workspace(database_, added));
    ++outcome_.counts.added;
    note_problem(added.row);
    outcome_.events.emplace_back(WorkspaceChanged{std::move(added.row)});
    return {};
  }

  /// Writes `next` where it differs. What nobody can see (the identity) changes silently.
  Result<void> replace(const StoredWorkspace& before, StoredWorkspace next) {
    const bool visible = !shows_the_same(before.row, next.row);
    if (visible) next.row.stamp = task_.stamp;
    if (visible || before.inode != next.inode || before.birth_ns != next.birth_ns) {
      SB_TRY_VOID(update_workspace(database_, next));
    }
    note_problem(next.row);
    if (!visible || next.row.status == model::WorkspaceStatus::ARCHIVED) return {};
    ++outcome_.counts.changed;
    outcome_.events.emplace_back(WorkspaceChanged{std::move(next.row)});
    return {};
  }

  void note_problem(const WorkspaceRow& row) {
    if (row.problem && row.problem->code != kSetupFailed) {
      outcome_.problems.workspaces.emplace(row.id, *row.problem);
    }
  }

  sqlite::Database& database_;
  const AdoptionTask& task_;
  AdoptionOutcome outcome_;
};

}  // namespace

Enumeration enumerate(const ProjectRow& project) {
  Enumeration result;
  // The main worktree leads to the repository even where the repository does not know its main
  // worktree
  // (--separate-git-dir); when that folder is gone, the repository itself is still there to be
  // read.
  auto found = git_cli::discover(project.repo_path);
  if (!found || found->common_dir != project.common_dir) {
    found = git_cli::discover(project.common_dir);
    if (found && found->main_path == found->common_dir) found->main_path = project.repo_path;
  }
  if (!found) {
    result.failure = std::move(found).error();
    return result;
  }
  if (found->common_dir != project.common_dir) {
    result.failure = Error{ErrorCode::not_found,
                           fmt::format("{} is no longer a git repository", project.common_dir),
                           {}};
    return result;
  }
  result.repository = *std::move(found);
  auto records = git_cli::list_worktrees(result.repository);
  if (!records) {
    result.failure = std::move(records).error();
    return result;
  }
  result.records = *std::move(records);
  const auto& branch = project.default_branch;
  if (branch && git_cli::has_base_branch(result.repository, *branch) == false &&
      !is_checked_out(result.records, *branch)) {
    result.missing_branch = branch;
  }
  for (const WorktreeRecord& record : result.records) {
    if (record.identity.path.empty()) {  // vanished between two looks
      result.failure = Error{ErrorCode::not_found, fmt::format("{} is gone", record.git_dir), {}};
    }
  }
  return result;
}

bool same_git_dir(const std::string& git_dir, std::uint64_t inode, std::int64_t birth_ns,
                  const git_cli::GitDirIdentity& found) {
  if (git_dir != found.path) return false;
  if (birth_ns != 0 && found.birth_ns != 0) return birth_ns == found.birth_ns;
  return inode == found.inode;
}

Result<AdoptionOutcome> apply_adoption(sqlite::Database& database, const AdoptionTask& task) {
  return Run(database, task).apply();
}

}  // namespace sb::workspace
