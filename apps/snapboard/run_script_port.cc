#include "run_script_port.h"

#include <utility>

namespace sb::app {
namespace {

tl::unexpected<Error> no_workspace() {
  return fail(ErrorCode::not_found, "There is no such workspace.");
}

}  // namespace

run_script::RunScriptService::Done RunScriptPort::answer(Done done) const {
  return [store = store_, done = std::move(done)](const Result<run_script::RunScriptRow>& row) {
    if (!row) return done(tl::unexpected(row.error()));
    done(State{row->status, row->port, row->exit_code, row->error, store->head()});
  };
}

void RunScriptPort::start(const model::WorkspaceId& id,
                          std::optional<std::vector<std::string>> command, Done done) {
  const auto* row = directory_->workspace(id);
  if (row == nullptr) return done(no_workspace());
  if (model::is_hidden(row->status) || row->problem) {
    return done(fail(ErrorCode::conflict,
                     row->problem ? row->problem->message : "The workspace is archived."));
  }
  service_->start(id, row->worktree_path, std::move(command), answer(std::move(done)));
}

void RunScriptPort::stop(const model::WorkspaceId& id, Done done) {
  if (directory_->workspace(id) == nullptr) return done(no_workspace());
  service_->stop(id, answer(std::move(done)));
}

void RunScriptPort::output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                           std::chrono::milliseconds wait,
                           std::function<void(Result<OutputPiece>)> done) {
  if (directory_->workspace(id) == nullptr) return done(no_workspace());
  service_->output(id, from, bytes_max, wait, std::move(done));
}

}  // namespace sb::app
