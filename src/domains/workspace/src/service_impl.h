#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/git_cli/repository.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"
#include "sb/workspace/workspace_service.h"

#include "adoption.h"

namespace sb::workspace {

inline constexpr std::size_t kIdBytes = 16;  // random bytes of an id

/// What a user said about a project; absent: no opinion.
struct ProjectOpinion {
  std::optional<std::string> name;
  std::optional<std::string> default_branch;
};

struct WorkspaceService::Impl : std::enable_shared_from_this<WorkspaceService::Impl> {
  explicit Impl(Deps given) : deps(std::move(given)) {}

  /// What is known of a project between enumerations.
  struct Project {
    ProjectRow row;
    Problems problems;
  };
  using AdoptionDone = std::function<void(Result<Adoption>)>;
  /// Adoptions of one project: one runs, and those who came during it wait for the next.
  struct Flight {
    std::vector<AdoptionDone> running;
    std::vector<AdoptionDone> waiting;
  };

  template <class T>
  void write(std::function<Result<T>(sqlite::Database&)> job, std::function<void(Result<T>)> then) {
    sqlite::submit<T>(deps.loop, deps.writer, weak_from_this(), std::move(job), std::move(then));
  }

  /// A change of one row, told after its commit.
  void write_row(std::function<Result<WorkspaceRow>(sqlite::Database&)> job,
                 std::function<void(Result<WorkspaceRow>)> done) {
    write<WorkspaceRow>(std::move(job), [this, done = std::move(done)](Result<WorkspaceRow> row) {
      told_row(std::move(row), done);
    });
  }

  /// A change nobody can see.
  void write_silent(std::function<Result<void>(sqlite::Database&)> job,
                    std::function<void(Result<void>)> done) {
    write<bool>(
        [job = std::move(job)](sqlite::Database& database) -> Result<bool> {
          SB_TRY_VOID(job(database));
          return true;
        },
        [done = std::move(done)](const Result<bool>& written) {
          done(written ? Result<void>() : Result<void>(written.error()));
        });
  }

  /// Answers later on the loop, like everything that has to wait for a commit.
  template <class T>
  void refuse(Error error, std::function<void(Result<T>)> done) {
    deps.loop.post(
        [owner = weak_from_this(), error = std::move(error), done = std::move(done)]() mutable {
          if (const auto alive = owner.lock()) done(std::move(error));
        });
  }

  void emit(const Event& event) {
    for (const auto& listener : listeners) listener(event);
  }

  std::uint64_t next_stamp() { return deps.counter.next().sequence; }

  void fill_problems(Contents& contents) const {
    for (auto& row : contents.projects) {
      if (const auto known = projects.find(row.id); known != projects.end()) {
        row.problem = known->second.problems.project;
      }
    }
    for (auto& row : contents.workspaces) fill_problem(row);
  }

  void fill_problem(WorkspaceRow& row) const {
    const auto known = projects.find(row.project);
    if (known == projects.end()) return;
    const auto held = known->second.problems.workspaces.find(row.id);
    if (held != known->second.problems.workspaces.end()) row.problem = held->second;
  }

  /// What was found of the workspace that `row` follows holds for it too.
  void hand_on_problem(const model::WorkspaceId& from, const WorkspaceRow& row) {
    const auto known = projects.find(row.project);
    if (known == projects.end()) return;
    auto& held = known->second.problems.workspaces;
    if (auto problem = held.extract(from)) {
      problem.key() = row.id;
      held.insert(std::move(problem));
    }
  }

  void put(const git_cli::Repository& repository, const ProjectOpinion& opinion,
           std::function<void(Result<Registration>)> done);
  void fly(const model::ProjectId& id);
  void enumerated(const model::ProjectId& id, Enumeration found);
  void landed(const model::ProjectId& id, Result<AdoptionOutcome> outcome);
  void told_row(Result<WorkspaceRow> row, const std::function<void(Result<WorkspaceRow>)>& done);

  Deps deps;
  std::vector<std::function<void(const Event&)>> listeners;
  std::map<model::ProjectId, Project> projects;
  std::map<model::ProjectId, Flight> flights;
};

}  // namespace sb::workspace
