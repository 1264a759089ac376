#include "workspace_port.h"

#include <utility>

#include "sb/core/utf8.h"
#include "sb/run_script/command_file.h"

namespace sb::app {

/// What only producers know of is not ours to change.
Error WorkspacePort::explained(const model::WorkspaceId& id, Error error) const {
  if (error.code != ErrorCode::not_found || directory_->workspace(id) != nullptr ||
      store_->facts(id) == nullptr) {
    return error;
  }
  return {
      ErrorCode::conflict, "the workspace is known by events only: its producer changes it", {}};
}

workspace::WorkspaceCommands::RowDone WorkspacePort::answer(const model::WorkspaceId& id,
                                                            Done done) const {
  return [this, id, done = std::move(done)](Result<workspace::WorkspaceRow> row) {
    if (!row) return done(explained(id, std::move(row).error()));
    done(State{row->id, row->name, row->status, row->branch_name, to_valid_utf8(row->worktree_path),
               store_->head()});
  };
}

void WorkspacePort::create(Create wish, Done done) {
  const model::ProjectInfo* project = store_->project(wish.project);
  if (project != nullptr && project->external) {
    return done(fail(ErrorCode::conflict,
                     "the project is known by events only: it has no repository of ours"));
  }
  commands_->create(
      {std::move(wish.project), std::move(wish.name), std::move(wish.branch), std::move(wish.from)},
      answer(model::WorkspaceId(), std::move(done)));
}

void WorkspacePort::retry(const model::WorkspaceId& id, Done done) {
  commands_->retry(id, answer(id, std::move(done)));
}

void WorkspacePort::rename(const model::WorkspaceId& id, std::string name, Done done) {
  service_->rename(id, std::move(name), answer(id, std::move(done)));
}

void WorkspacePort::end(const model::WorkspaceId& id, End how,
                        std::function<void(Result<std::uint64_t>)> done) {
  commands_->archive(id, {how.remove_worktree, how.force, how.forget},
                     [this, id, done = std::move(done)](Result<void> ended) {
                       if (!ended) return done(explained(id, std::move(ended).error()));
                       done(store_->head());
                     });
}

void WorkspacePort::archived(const model::ProjectId& id,
                             std::function<void(Result<ArchivedList>)> done) {
  const model::ProjectInfo* project = store_->project(id);
  if (project != nullptr && project->external) return done(ArchivedList());  // none of ours
  service_->archived(id, [done = std::move(done)](Result<workspace::Archived> held) {
    if (!held) return done(std::move(held).error());
    ArchivedList list;
    list.complete = held->complete;
    list.workspaces.reserve(held->rows.size());
    for (auto& row : held->rows) {
      list.workspaces.push_back({std::move(row.id), std::move(row.name), std::move(row.branch_name),
                                 to_valid_utf8(row.worktree_path), row.created_at,
                                 std::move(row.problem)});
    }
    done(std::move(list));
  });
}

void WorkspacePort::put_back(const model::WorkspaceId& id, Done done) {
  commands_->put_back(id, answer(id, std::move(done)));
}

void WorkspacePort::setup_output(const model::WorkspaceId& id, std::uint64_t from,
                                 std::size_t bytes_max,
                                 std::function<void(Result<OutputPiece>)> done) {
  commands_->output(id, from, bytes_max, std::move(done));
}

workspace::WorkspacePorts workspace_ports(orchestration::Engine& engine) {
  workspace::WorkspacePorts ports;
  ports.setup_command = [](const std::string& worktree) {
    return run_script::read_command(worktree, run_script::Script::setup);
  };
  ports.halt = [&engine](const model::WorkspaceId& id, std::function<void()> done) {
    engine.halt(id, std::move(done));
  };
  ports.release = [&engine](const model::WorkspaceId& id, std::function<void()> done) {
    engine.release(id, std::move(done));
  };
  return ports;
}

}  // namespace sb::app
