#include "own_view.h"

#include <utility>
#include <variant>
#include <vector>

#include "own_facts.h"

namespace sb::orchestration {
namespace {

using model::ProjectId;
using model::WorkspaceId;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

}  // namespace

const workspace::WorkspaceRow* OwnView::workspace(const WorkspaceId& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : &found->second.row;
}

const workspace::ProjectRow* OwnView::project(const ProjectId& id) const {
  const auto found = projects_.find(id);
  return found == projects_.end() ? nullptr : &found->second;
}

void OwnView::each_workspace(
    const std::function<void(const workspace::WorkspaceRow&)>& visit) const {
  for (const auto& [id, known] : rows_) visit(known.row);
}

snapshot::Applied OwnView::state(const WorkspaceId& id, model::Stamp stamp, model::FactPatch patch,
                                 std::string_view label, snapshot::Update::Cause cause) {
  auto applied = apply(id, stamp, std::move(patch), label, cause);
  const bool missed = applied.outcome == snapshot::Outcome::not_found &&
                      cause == snapshot::Update::Cause::event && rows_.contains(id);
  if (missed && missed_.insert(id).second && on_missed_) on_missed_();
  return applied;
}

snapshot::Applied OwnView::apply(const WorkspaceId& id, model::Stamp stamp, model::FactPatch patch,
                                 std::string_view label, snapshot::Update::Cause cause) {
  snapshot::Update update;
  update.workspace = id;
  update.stamp = stamp;
  update.cause = cause;
  update.label = label;
  const bool of_sessions =
      !patch.sessions.empty() || patch.present.contains(model::Field::isWorking);
  update.facts = std::move(patch);
  auto applied = store_->apply(update, clock_->wall_now(), clock_->mono_now());
  if (of_sessions && on_sessions_) on_sessions_(id);
  return applied;
}

std::vector<WorkspaceId> OwnView::take(const workspace::Event& event) {
  using Gone = std::vector<WorkspaceId>;
  return std::visit(Overloaded{[&](const workspace::ProjectChanged& e) {
                                 take(e.row);
                                 return Gone();
                               },
                               [&](const workspace::ProjectRemoved& e) { return forget(e.id); },
                               [&](const workspace::WorkspaceChanged& e) {
                                 take(e.row);
                                 const bool archived =
                                     e.row.status == model::WorkspaceStatus::ARCHIVED;
                                 return archived ? Gone{e.row.id} : Gone();
                               },
                               [&](const workspace::WorkspaceRemoved& e) {
                                 remove(e.id, e.stamp, "event:workspace_removed");
                                 return Gone{e.id};
                               }},
                    event);
}

void OwnView::take(const workspace::ProjectRow& row) {
  const bool known = projects_.contains(row.id);
  auto& held = projects_[row.id];
  const bool other_base = known && held.default_branch != row.default_branch;
  held = row;
  if (const auto put = store_->put_project(to_info(row)); !put) {
    log_.error("project not shown",
               {kv("project", row.id.view()), kv("reason", put.error().message)});
  }
  if (!known) git_->track_project(row.id, row.common_dir);
  if (!other_base || !tracking_) return;
  for (const auto& [id, workspace] : rows_) {
    if (workspace.row.project == row.id) track(workspace);
  }
}

void OwnView::take(const workspace::WorkspaceRow& row) {
  if (row.status == model::WorkspaceStatus::ARCHIVED) {
    return remove(row.id, row.stamp, "event:workspace_state_changed");
  }
  const auto held = rows_.find(row.id);
  const bool absent = store_->facts(row.id) == nullptr;
  model::FactPatch patch = to_facts(row);
  patch.set<&model::Facts::problem>(row.problem || held == rows_.end() ? row.problem
                                                                       : held->second.git_problem);
  if (!can_be_read(row)) keep_stats_as_stale(patch, row.id);
  apply(row.id, {0, row.stamp, 0}, std::move(patch), "event:workspace_state_changed",
        snapshot::Update::Cause::event);
  remember(row, absent);
}

// What git is told follows the newest row of what is shown: late news change nothing here either.
void OwnView::remember(const workspace::WorkspaceRow& row, bool appeared) {
  if (store_->facts(row.id) == nullptr) return;
  Known& known = rows_[row.id];
  if (row.stamp < known.row.stamp) return;
  // What appears has nothing of git yet, also when it had to go for want of room and came back.
  if (appeared) git_->untrack(row.id);
  const bool retrack = appeared || known.row.worktree_path != row.worktree_path ||
                       known.row.git_dir != row.git_dir ||
                       can_be_read(known.row) != can_be_read(row);
  known.row = row;
  if (!can_be_read(row)) known.git_problem.reset();  // the folder is gone: git has nothing to add
  if (retrack && tracking_) track(known);
}

void OwnView::remove(const WorkspaceId& id, std::uint64_t stamp, std::string_view label) {
  rows_.erase(id);
  git_->untrack(id);
  snapshot::Update update;
  update.workspace = id;
  update.stamp = {0, stamp, 0};
  update.kind = snapshot::Update::Kind::remove;
  update.label = label;
  store_->apply(update, clock_->wall_now(), clock_->mono_now());
}

void OwnView::take(const git::GitFacts& facts) {
  const auto found = rows_.find(facts.id);
  if (found == rows_.end()) return;
  Known& known = found->second;
  if (!facts.problem) last_git_ok_ = clock_->mono_now();
  known.git_problem = facts.problem;
  model::FactPatch patch = to_facts(facts);
  patch.set<&model::Facts::problem>(known.row.problem ? known.row.problem : known.git_problem);
  apply(facts.id, facts.stamp, std::move(patch), "event:git_read", snapshot::Update::Cause::event);
}

std::vector<WorkspaceId> OwnView::forget(const ProjectId& id) {
  projects_.erase(id);
  git_->untrack_project(id);
  std::erase_if(rows_, [&](const auto& item) {
    if (!(item.second.row.project == id)) return false;
    git_->untrack(item.first);
    return true;
  });
  return store_->remove_project(id);
}

void OwnView::start_tracking() {
  tracking_ = true;
  for (const auto& [id, known] : rows_) track(known);
}

void OwnView::track(const Known& known) {
  const auto project = projects_.find(known.row.project);
  if (project == projects_.end()) return;
  if (!can_be_read(known.row)) {
    git_->untrack(known.row.id);
  } else {
    git_->track(to_worktree(known.row, project->second));
  }
}

// Nothing can be measured any more: the last good numbers stay, marked as such.
void OwnView::keep_stats_as_stale(model::FactPatch& patch, const WorkspaceId& id) const {
  const model::Facts* held = store_->facts(id);
  if (held == nullptr || !held->gitStats) return;
  model::GitStats stats = *held->gitStats;
  stats.stale = true;
  patch.set<&model::Facts::gitStats>(stats);
}

OwnView::Pass OwnView::reconcile(const workspace::Contents& contents, DriftLog& drift) {
  Pass pass;
  const model::Stamp fence{0, contents.fence, 0};
  std::map<ProjectId, std::vector<WorkspaceId>> present;
  for (const auto& project : contents.projects) present[project.id];
  store_->begin_commit();
  for (const auto& row : contents.workspaces) {
    if (row.status == model::WorkspaceStatus::ARCHIVED) continue;  // as absent as a deleted one
    present[row.project].push_back(row.id);
    const bool absent = store_->facts(row.id) == nullptr;
    const bool wanted = absent && missed_.contains(row.id);
    const auto applied =
        apply(row.id, fence, to_facts(row), "reconciliation",
              wanted ? snapshot::Update::Cause::event : snapshot::Update::Cause::pass);
    // Its event was lost; or it is gone since the read began, and then its tombstone says so.
    remember(row, absent);
    if (absent && store_->facts(row.id) != nullptr) {
      wanted ? void(pass.taken_back = true) : drift.note(row.project, "created", 1);
    }
    pass.rejected = pass.rejected || !applied.rejected.empty();
    drift.note(row.id, applied);
  }
  for (const auto& [project, ids] : present) {
    auto gone = store_->apply_absence(snapshot::SourceId::own, project, ids, fence,
                                      clock_->wall_now(), clock_->mono_now());
    drift.note(project, "removed", gone.size());
    for (const WorkspaceId& id : gone) {
      rows_.erase(id);
      git_->untrack(id);
    }
    std::move(gone.begin(), gone.end(), std::back_inserter(pass.removed));
  }
  missed_.clear();
  store_->end_commit();
  return pass;
}

}  // namespace sb::orchestration
