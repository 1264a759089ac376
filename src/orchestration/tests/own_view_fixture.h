#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "sb/core/metrics.h"
#include "sb/model/stamp.h"
#include "sb/snapshot/store.h"
#include "sb/testing/fake_loop.h"

#include "drift.h"
#include "own_view.h"

namespace sb::orchestration {

/// What git was told to keep current.
class TrackedWorktrees final : public WorktreeTracker {
 public:
  void track_project(const model::ProjectId& project, std::string) override {
    projects.insert(project);
  }
  void untrack_project(const model::ProjectId& project) override { projects.erase(project); }
  void track(git::Worktree worktree) override {
    const auto id = worktree.id;
    worktrees.insert_or_assign(id, std::move(worktree));
  }
  void untrack(const model::WorkspaceId& id) override { worktrees.erase(id); }

  std::set<model::ProjectId> projects;
  std::map<model::WorkspaceId, git::Worktree> worktrees;
};

/// The view of our own domains over a table in memory, so that a test decides when a row is
/// written, read and told. Two projects, p and q.
class OwnViewTest : public ::testing::Test {
 protected:
  OwnViewTest() : OwnViewTest(snapshot::Limits{}) {}
  explicit OwnViewTest(snapshot::Limits limits) : store("epoch-1", limits) {
    for (const char* id : {"p", "q"}) {
      workspace::ProjectRow row;
      row.id = model::ProjectId(id);
      row.stamp = counter.next().sequence;
      projects.emplace(row.id, row);
      view.take(row);
    }
    view.start_tracking();
  }

  using Edit = std::function<void(workspace::WorkspaceRow&)>;

  /// Writes a row as of now; it is not told.
  workspace::WorkspaceRow write(const std::string& id, const Edit& edit = {}) {
    const auto [found, made] = table.try_emplace(model::WorkspaceId(id));
    workspace::WorkspaceRow& row = found->second;
    if (made) {
      row.id = found->first;
      row.project = model::ProjectId("p");
      row.name = id;
      row.status = model::WorkspaceStatus::READY;
      row.worktree_path = "/" + id;
      row.git_dir = row.worktree_path + "/.git";
    }
    if (edit) edit(row);
    row.stamp = counter.next().sequence;
    return row;
  }
  /// Deletes a row as of now; it is not told.
  workspace::WorkspaceRemoved erase(const std::string& id) {
    const auto row = table.extract(model::WorkspaceId(id)).mapped();
    return {row.id, row.project, counter.next().sequence};
  }
  void tell(workspace::WorkspaceRow row) {
    view.take(workspace::Event(workspace::WorkspaceChanged{std::move(row)}));
  }
  void tell(workspace::WorkspaceRemoved removed) {
    view.take(workspace::Event(std::move(removed)));
  }
  void add(const std::string& id, const Edit& edit = {}) { tell(write(id, edit)); }

  [[nodiscard]] std::uint64_t fence() { return counter.next().sequence; }
  [[nodiscard]] workspace::Contents rows(std::uint64_t fence) const {
    workspace::Contents contents;
    contents.fence = fence;
    for (const auto& [id, row] : projects) contents.projects.push_back(row);
    for (const auto& [id, row] : table) contents.workspaces.push_back(row);
    return contents;
  }
  OwnView::Pass pass() { return view.reconcile(rows(fence()), drift); }

  [[nodiscard]] bool present(const std::string& id) const {
    return store.facts(model::WorkspaceId(id)) != nullptr;
  }
  [[nodiscard]] std::string shown(model::Field field, const std::string& id = "w") const {
    const auto entry = store.entry(model::WorkspaceId(id));
    if (!entry) return "absent";
    return std::string(entry->text->member(field).substr(model::field_name(field).size() + 3));
  }

  static Edit named(std::string name) {
    return [name = std::move(name)](workspace::WorkspaceRow& row) { row.name = name; };
  }
  static Edit in_status(model::WorkspaceStatus status) {
    return [status](workspace::WorkspaceRow& row) { row.status = status; };
  }

  sb::testing::FakeLoop loop;
  Metrics metrics;
  DriftLog drift{metrics, Logger()};
  model::OwnCounter counter;
  snapshot::Store store;
  TrackedWorktrees git;
  OwnView view{store, git, loop.clock(), Logger()};
  std::map<model::ProjectId, workspace::ProjectRow> projects;
  std::map<model::WorkspaceId, workspace::WorkspaceRow> table;
};

}  // namespace sb::orchestration
