#include <utility>

#include "making.h"
#include "naming.h"
#include "service_impl.h"

// The longer steps of WorkspaceService: making and ending workspaces.

namespace sb::workspace {

using RowDone = std::function<void(Result<WorkspaceRow>)>;

void WorkspaceService::plan(Plan plan, RowDone done) {
  auto name = tidy_name(plan.name);
  if (!name) return impl_->refuse<WorkspaceRow>(std::move(name).error(), std::move(done));
  StoredWorkspace planned;
  planned.row.id = model::WorkspaceId(random_hex(impl_->deps.random, kIdBytes));
  planned.row.project = std::move(plan.project);
  planned.row.name = *std::move(name);
  planned.row.created_at = impl_->deps.clock.wall_now();
  planned.row.branch_name = std::move(plan.branch);
  planned.row.worktree_path = std::move(plan.worktree_path);
  planned.row.stamp = impl_->next_stamp();
  planned.renamed = true;
  impl_->write_row([planned = std::move(planned), commit = std::move(plan.commit)](
                       auto& database) { return put_planned(database, planned, commit); },
                   std::move(done));
}

void WorkspaceService::begin_making(const model::WorkspaceId& id, model::WorkspaceStatus from,
                                    std::string mark, std::function<void(Result<Making>)> done) {
  const std::uint64_t stamp = impl_->next_stamp();
  impl_->write<Making>(
      [id, from, mark = std::move(mark), stamp](sqlite::Database& database) {
        return workspace::begin_making(database, id, from, mark, stamp);
      },
      [impl = impl_.get(), done = std::move(done)](Result<Making> making) {
        if (making) {
          impl->fill_problem(making->row);
          impl->emit(WorkspaceChanged{making->row});
        }
        done(std::move(making));
      });
}

void WorkspaceService::note_worktree_made(const model::WorkspaceId& id,
                                          std::function<void(Result<void>)> done) {
  impl_->write_silent([id](auto& database) { return workspace::note_worktree_made(database, id); },
                      std::move(done));
}

void WorkspaceService::end_making(const model::WorkspaceId& id, MakingEnd end, RowDone done) {
  impl_->write_row([id, end = std::move(end), stamp = impl_->next_stamp()](
                       auto& database) { return workspace::end_making(database, id, end, stamp); },
                   std::move(done));
}

void WorkspaceService::begin_archive(const model::WorkspaceId& id, ArchiveOrder order,
                                     RowDone done) {
  impl_->write_row(
      [id, order, stamp = impl_->next_stamp()](auto& database) {
        return workspace::begin_archive(database, id, order, stamp);
      },
      std::move(done));
}

void WorkspaceService::end_archive(const model::WorkspaceId& id, bool archived, RowDone done) {
  impl_->write_row(
      [id, archived, stamp = impl_->next_stamp()](auto& database) {
        return workspace::end_archive(database, id, archived, stamp);
      },
      std::move(done));
}

void WorkspaceService::put_back(const model::WorkspaceId& id, RowDone done) {
  impl_->write<WorkspaceRow>(
      [id, fresh = model::WorkspaceId(random_hex(impl_->deps.random, kIdBytes)),
       stamp = impl_->next_stamp()](sqlite::Database& database) {
        return workspace::put_back(database, id, fresh, stamp);
      },
      [impl = impl_.get(), id, done = std::move(done)](Result<WorkspaceRow> row) {
        if (row) impl->hand_on_problem(id, *row);
        impl->told_row(std::move(row), done);
      });
}

void WorkspaceService::forget(const model::WorkspaceId& id,
                              std::function<void(Result<void>)> done) {
  const std::uint64_t stamp = impl_->next_stamp();
  impl_->write<model::ProjectId>(
      [id](sqlite::Database& database) { return forget_workspace(database, id); },
      [impl = impl_.get(), id, stamp,
       done = std::move(done)](const Result<model::ProjectId>& project) {
        if (!project) return done(tl::unexpected(project.error()));
        impl->emit(WorkspaceRemoved{id, *project, stamp});
        done({});
      });
}

void WorkspaceService::archived(const model::ProjectId& id,
                                std::function<void(Result<Archived>)> done) {
  impl_->write<Archived>(
      [id](sqlite::Database& database) -> Result<Archived> {
        SB_TRY(const auto project, find_project(database, id));
        if (!project) return fail(ErrorCode::not_found, "no such project");
        Archived archived;
        SB_TRY(archived.rows, archived_workspaces(database, id, kArchivedMax + 1));
        archived.complete = archived.rows.size() <= kArchivedMax;
        if (!archived.complete) archived.rows.pop_back();
        return archived;
      },
      [impl = impl_.get(), done = std::move(done)](Result<Archived> archived) {
        if (archived) {
          for (auto& row : archived->rows) impl->fill_problem(row);
        }
        done(std::move(archived));
      });
}

void WorkspaceService::find(const model::WorkspaceId& id, std::function<void(Result<Found>)> done) {
  impl_->write<Found>([id](sqlite::Database& database) { return find_all_of(database, id); },
                      [impl = impl_.get(), done = std::move(done)](Result<Found> found) {
                        if (found) impl->fill_problem(found->row);
                        done(std::move(found));
                      });
}

void WorkspaceService::survey(const model::ProjectId& id,
                              std::function<void(Result<Survey>)> done) {
  impl_->write<Survey>([id](sqlite::Database& database) { return survey_project(database, id); },
                       std::move(done));
}

void WorkspaceService::setup_output(const model::WorkspaceId& id,
                                    std::function<void(Result<SetupOutput>)> done) {
  impl_->write<SetupOutput>(
      [id](sqlite::Database& database) { return workspace::setup_output(database, id); },
      std::move(done));
}

void WorkspaceService::take_unfinished(std::function<void(Result<Unfinished>)> done) {
  impl_->write<Unfinished>(
      [](sqlite::Database& database) -> Result<Unfinished> {
        SB_TRY(auto left, read_unfinished(database));
        SB_TRY_VOID(clear_marks(database));
        return left;
      },
      std::move(done));
}

}  // namespace sb::workspace
