#include "sb/workspace/workspace_service.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/utf8.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "adoption.h"
#include "making.h"
#include "naming.h"
#include "service_impl.h"
#include "tables.h"

namespace sb::workspace {
namespace {

Result<Contents> read_all(sqlite::Database& database) {
  Contents contents;
  SB_TRY(contents.projects, all_projects(database));
  SB_TRY(contents.workspaces, shown_workspaces(database));
  SB_TRY(contents.stamp_max, highest_stamp(database));
  return contents;
}

struct Registered {
  ProjectRow row;
  bool created = false;
  bool changed = false;
};

/// Finds or makes the row of a repository, by its common directory.
Result<Registered> put_project(sqlite::Database& database, ProjectRow fresh,
                               const ProjectOpinion& opinion) {
  SB_TRY(auto held, find_project_at(database, fresh.common_dir));
  if (!held) {
    SB_TRY_VOID(insert_project(database, fresh));
    return Registered{std::move(fresh), true, true};
  }
  ProjectRow next = *held;
  if (opinion.name) next.name = *opinion.name;
  if (opinion.default_branch) next.default_branch = opinion.default_branch;
  // Only a look from the main worktree knows where a repository with a separate git directory is
  // checked out.
  if (fresh.repo_path != fresh.common_dir) next.repo_path = fresh.repo_path;
  if (next.name == held->name && next.default_branch == held->default_branch &&
      next.repo_path == held->repo_path) {
    return Registered{*std::move(held), false, false};
  }
  next.stamp = fresh.stamp;
  SB_TRY_VOID(update_project(database, next));
  return Registered{std::move(next), false, true};
}

struct RemovedProject {
  std::vector<model::WorkspaceId> workspaces;
};

Result<RemovedProject> take_project(sqlite::Database& database, const model::ProjectId& id) {
  SB_TRY(const auto held, find_project(database, id));
  if (!held) return fail(ErrorCode::not_found, "no such project");
  SB_TRY(const auto workspaces, workspaces_of(database, id));
  SB_TRY_VOID(delete_project(database, id));
  RemovedProject removed;
  for (const auto& workspace : workspaces) removed.workspaces.push_back(workspace.row.id);
  return removed;
}

Result<WorkspaceRow> set_name(sqlite::Database& database, const model::WorkspaceId& id,
                              const std::string& name, std::uint64_t stamp) {
  SB_TRY_VOID(database.execute("UPDATE workspace SET name = ?, renamed = 1, stamp = ? WHERE id = ?",
                               {name, stamp, id.view()}));
  SB_TRY(auto held, find_workspace(database, id));
  if (!held) return fail(ErrorCode::not_found, "no such workspace");
  return std::move(held->row);
}

}  // namespace

void WorkspaceService::Impl::put(const git_cli::Repository& repository,
                                 const ProjectOpinion& opinion,
                                 std::function<void(Result<Registration>)> done) {
  ProjectRow fresh;
  fresh.id = model::ProjectId(random_hex(deps.random, kIdBytes));
  fresh.name = opinion.name.value_or(repository_name(repository.main_path));
  fresh.repo_path = repository.main_path;
  fresh.common_dir = repository.common_dir;
  fresh.default_branch = opinion.default_branch;
  fresh.created_at = deps.clock.wall_now();
  fresh.stamp = next_stamp();
  write<Registered>(
      [fresh, opinion](sqlite::Database& database) {
        return put_project(database, fresh, opinion);
      },
      [this, done = std::move(done)](Result<Registered> stored) {
        if (!stored) return done(std::move(stored).error());
        Project& project = projects[stored->row.id];
        project.row = stored->row;
        project.row.problem = project.problems.project;
        if (stored->changed) emit(ProjectChanged{project.row});
        const model::ProjectId id = stored->row.id;
        flights[id].waiting.emplace_back(
            [this, id, created = stored->created, done](Result<Adoption> adopted) {
              const auto known = projects.find(id);
              if (!adopted) return done(std::move(adopted).error());
              if (known == projects.end()) {
                return done(fail(ErrorCode::conflict, "the project was removed meanwhile"));
              }
              done(Registration{known->second.row, created});
            });
        fly(id);
      });
}

/// Starts a run for those who wait, unless one is under way.
void WorkspaceService::Impl::fly(const model::ProjectId& id) {
  Flight& flight = flights[id];
  if (!flight.running.empty()) return;
  if (flight.waiting.empty()) {
    flights.erase(id);
    return;
  }
  flight.running.swap(flight.waiting);
  const auto known = projects.find(id);
  if (known == projects.end()) return landed(id, fail(ErrorCode::not_found, "no such project"));
  deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), row = known->second.row] {
    auto found = std::make_shared<Enumeration>(enumerate(row));
    loop.post([owner, id = row.id, found] {
      if (const auto self = owner.lock()) self->enumerated(id, std::move(*found));
    });
  });
}

void WorkspaceService::Impl::enumerated(const model::ProjectId& id, Enumeration found) {
  AdoptionTask task;
  task.project = id;
  for (std::size_t i = 0; i < found.records.size(); ++i) {
    task.new_ids.emplace_back(random_hex(deps.random, kIdBytes));
  }
  task.found = std::move(found);
  task.stamp = next_stamp();
  if (const auto known = projects.find(id); known != projects.end())
    task.before = known->second.problems;
  write<AdoptionOutcome>(
      [task = std::move(task)](sqlite::Database& database) {
        return apply_adoption(database, task);
      },
      [this, id](Result<AdoptionOutcome> outcome) { landed(id, std::move(outcome)); });
}

void WorkspaceService::Impl::landed(const model::ProjectId& id, Result<AdoptionOutcome> outcome) {
  Result<Adoption> answer = Adoption{};
  if (outcome) {
    answer = outcome->counts;
    Project& project = projects[id];
    project.row = outcome->project;
    project.problems = std::move(outcome->problems);
    if (outcome->counts.total() > 0) {
      deps.log.info(
          "worktrees adopted",
          {kv("project", id.view()), kv("added", outcome->counts.added),
           kv("changed", outcome->counts.changed), kv("removed", outcome->counts.removed)});
    }
    for (const Event& event : outcome->events) emit(event);
  } else {
    deps.log.warn("adoption failed",
                  {kv("project", id.view()), kv("error", outcome.error().message)});
    answer = std::move(outcome).error();
  }
  const auto answered = std::exchange(flights[id].running, {});
  for (const auto& done : answered) done(answer);
  fly(id);
}

void WorkspaceService::Impl::told_row(Result<WorkspaceRow> row,
                                      const std::function<void(Result<WorkspaceRow>)>& done) {
  if (row) {
    fill_problem(*row);
    emit(WorkspaceChanged{*row});
  }
  done(std::move(row));
}

WorkspaceService::WorkspaceService(Deps deps) : impl_(std::make_shared<Impl>(std::move(deps))) {}
WorkspaceService::~WorkspaceService() = default;

void WorkspaceService::on_event(std::function<void(const Event&)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

Result<Contents> WorkspaceService::load() {
  Contents contents;
  // The loop waits here, so the counter may be used on the database thread.
  auto done = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY(const std::uint64_t highest, highest_stamp(database));
    impl_->deps.counter.raise(highest);
    SB_TRY_VOID(fail_interrupted(database, impl_->next_stamp()));
    SB_TRY(contents, read_all(database));
    return {};
  });
  if (!done) return std::move(done).error();
  contents.fence = impl_->next_stamp();
  for (const auto& row : contents.projects) impl_->projects[row.id].row = row;
  impl_->fill_problems(contents);
  return contents;
}

void WorkspaceService::read(std::function<void(Result<Contents>)> done) {
  const std::uint64_t fence = impl_->next_stamp();
  impl_->write<Contents>(
      read_all, [impl = impl_.get(), fence, done = std::move(done)](Result<Contents> read) {
        if (read) {
          read->fence = fence;
          impl->fill_problems(*read);
        }
        done(std::move(read));
      });
}

void WorkspaceService::register_project(std::string path, std::optional<std::string> name,
                                        std::optional<std::string> default_branch,
                                        std::function<void(Result<Registration>)> done) {
  if (name) {
    auto tidied = tidy_name(*name);
    if (!tidied) return impl_->refuse<Registration>(std::move(tidied).error(), std::move(done));
    name = *std::move(tidied);
  }
  if (default_branch) {
    if (auto sound = check_branch(*default_branch); !sound) {
      Error error = std::move(sound).error();
      error.path = "$.defaultBranch";
      return impl_->refuse<Registration>(std::move(error), std::move(done));
    }
  }
  ProjectOpinion opinion{std::move(name), std::move(default_branch)};
  impl_->deps.workers.submit([&loop = impl_->deps.loop, owner = impl_->weak_from_this(),
                              path = std::move(path), opinion = std::move(opinion),
                              done = std::move(done)] {
    auto found = git_cli::discover(path);
    loop.post([owner, found = std::move(found), opinion, done] {
      const auto self = owner.lock();
      if (!self) return;
      if (!found) {
        return done(Error{ErrorCode::invalid_argument, to_valid_utf8(found.error().message), {}});
      }
      self->put(*found, opinion, done);
    });
  });
}

void WorkspaceService::remove_project(const model::ProjectId& id,
                                      std::function<void(Result<void>)> done) {
  const std::uint64_t stamp = impl_->next_stamp();
  impl_->write<RemovedProject>(
      [id](sqlite::Database& database) { return take_project(database, id); },
      [impl = impl_.get(), id, stamp, done = std::move(done)](Result<RemovedProject> removed) {
        if (!removed) return done(std::move(removed).error());
        impl->projects.erase(id);
        for (const auto& workspace : removed->workspaces)
          impl->emit(WorkspaceRemoved{workspace, id, stamp});
        impl->emit(ProjectRemoved{id, stamp});
        done({});
      });
}

void WorkspaceService::adopt(const model::ProjectId& id,
                             std::function<void(Result<Adoption>)> done) {
  if (!impl_->projects.contains(id)) {
    return impl_->refuse<Adoption>({ErrorCode::not_found, "no such project", {}}, std::move(done));
  }
  impl_->flights[id].waiting.push_back(std::move(done));
  impl_->fly(id);
}

void WorkspaceService::transition(const model::WorkspaceId& id, model::WorkspaceStatus from,
                                  model::WorkspaceStatus to,
                                  std::function<void(Result<WorkspaceRow>)> done) {
  if (!may_become(from, to)) {
    Error error{
        ErrorCode::conflict,
        fmt::format("a workspace that is {} cannot become {}", enum_text(from), enum_text(to)),
        {}};
    return impl_->refuse<WorkspaceRow>(std::move(error), std::move(done));
  }
  const std::uint64_t stamp = impl_->next_stamp();
  impl_->write_row(
      [id, from, to, stamp](auto& database) { return step(database, id, from, to, stamp); },
      std::move(done));
}

void WorkspaceService::rename(const model::WorkspaceId& id, std::string name,
                              std::function<void(Result<WorkspaceRow>)> done) {
  auto tidied = tidy_name(name);
  if (!tidied) return impl_->refuse<WorkspaceRow>(std::move(tidied).error(), std::move(done));
  const std::uint64_t stamp = impl_->next_stamp();
  impl_->write_row([id, name = *std::move(tidied),
                    stamp](auto& database) { return set_name(database, id, name, stamp); },
                   std::move(done));
}

}  // namespace sb::workspace
