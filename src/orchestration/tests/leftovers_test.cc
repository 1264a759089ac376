#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// What is left of a workspace that ended, in every map and table: nothing, once its tombstone is
// old enough. Each way to end is compared with the state before the workspace began.

namespace sb::orchestration {
namespace {

using model::Field;
using model::WorkspaceStatus;
using namespace std::chrono_literals;

using Counts = std::map<std::string, std::int64_t>;

/// What a domain that is told of everything keeps per workspace.
class Ledger final : public OwnDomain {
 public:
  using Kept = std::map<model::WorkspaceId, WorkspaceStatus>;
  explicit Ledger(Kept& kept) : kept_(&kept) {}
  Result<void> load() override { return {}; }
  void start() override {}
  void stop() override {}
  void reconcile(DriftLog&, std::function<void()> done) override { done(); }
  void workspace_changed(const workspace::WorkspaceRow& row) override {
    if (row.status != WorkspaceStatus::ARCHIVED) (*kept_)[row.id] = row.status;
  }
  void release(const model::WorkspaceId& id, std::function<void()> done) override {
    kept_->erase(id);
    done();
  }
  [[nodiscard]] EngineSource health() const override { return {"ledger", "live", 0, ""}; }

 private:
  Kept* kept_;
};

class LeftoversTest : public ::testing::Test {
 protected:
  LeftoversTest() : repo_(dir_ / "repo") { begin(); }

  void begin() {
    kept_.clear();
    life.emplace(dir_.path());
    life->engine.add(std::make_unique<Ledger>(kept_));
    EXPECT_TRUE(life->start());
  }
  std::string repository() const { return (dir_ / "repo").string(); }
  std::string folder(const std::string& branch) const { return (dir_ / branch).string(); }

  /// Adds a linked worktree and waits until everything is known of it.
  model::WorkspaceId add_worktree(const std::string& branch) {
    sb::testing::git(repository(), {"worktree", "add", "-q", "-b", branch, folder(branch)});
    EXPECT_TRUE(life->reconcile(project()));
    for (const auto& id : life->store.ids(project())) {
      if (life->shown(id, Field::worktreePath) != '"' + folder(branch) + '"') continue;
      EXPECT_TRUE(life->loop.run_until([&] { return life->shown(id, Field::gitStats) != "null"; }));
      return id;
    }
    ADD_FAILURE() << "no workspace of " << branch;
    return {};
  }
  [[nodiscard]] model::ProjectId project() const { return life->store.projects().at(0).id; }

  /// A producer speaks of the workspace, so that the journal has rows of it.
  void say(const model::WorkspaceId& id) {
    for (const std::int64_t number : {1, 2}) {
      model::ExternalEvent event;
      event.id = id.str() + std::to_string(number);
      event.source = "agents/one";
      event.workspace = id;
      event.data = model::GithubPrSnapshotUpdated{
          number, model::PrState::OPEN, model::CiStatus::PENDING, {}, {}, {}, {}};
      std::vector<model::ExternalEvent> events;
      events.push_back(std::move(event));
      EXPECT_TRUE(life->loop.wait_for<Result<Engine::EventsAnswer>>(
          [&](auto done) { life->engine.submit(std::move(events), std::move(done)); }));
    }
  }
  void step(const model::WorkspaceId& id, WorkspaceStatus from, WorkspaceStatus to) {
    EXPECT_TRUE(life->loop.wait_for<Result<workspace::WorkspaceRow>>(
        [&](auto done) { life->workspaces.transition(id, from, to, std::move(done)); }));
  }
  /// Until tombstones are old, and two passes have looked at what is left.
  void wait_out() {
    life->loop.advance(snapshot::Limits{}.tombstone_age_min);
    EXPECT_TRUE(life->reconcile(project()));
    EXPECT_TRUE(life->reconcile(project()));
  }
  /// The state to come back to: one workspace, of which everything is known.
  Counts baseline() {
    life->add(repository());
    wait_out();
    life->settle();
    return counts();
  }
  void expect_back_at(const Counts& before) {
    // Reads and releases under way may end first.
    (void)life->loop.run_until([&] { return counts() == before; });
    EXPECT_EQ(counts(), before);
  }
  [[nodiscard]] Counts counts() {
    const auto held = life->store.counts();
    Counts all{{"entries", held.entries},
               {"tombstones", held.tombstones},
               {"evicted", held.evicted},
               {"projects", held.projects},
               {"in the domain", kept_.size()},
               {"worktrees", life->git.health().worktrees},
               {"folders watched", life->watcher.directories()}};
    life->store.walk(nullptr, 0, [&](const auto&) { ++all["in the index"]; });
    life->engine.directory().each_workspace([&](const auto&) { ++all["rows known"]; });
    const auto journalled = life->journal.load();
    EXPECT_TRUE(journalled);
    all["journalled"] = journalled->rows().size();
    return all;
  }

  std::optional<Life> life;

 private:
  sb::testing::TempDir dir_;
  sb::testing::GitRepo repo_;
  Ledger::Kept kept_;
};

TEST_F(LeftoversTest, S_18_S_107_ADeletedWorktreeLeavesNothing) {
  const Counts before = baseline();
  const auto id = add_worktree("gone");
  say(id);
  EXPECT_NE(counts(), before);
  sb::testing::git(repository(), {"worktree", "remove", "--force", folder("gone")});
  ASSERT_TRUE(life->reconcile(project()));
  EXPECT_EQ(life->shown(id, Field::name), "absent");
  wait_out();
  expect_back_at(before);
}

TEST_F(LeftoversTest, S_18_S_107_AnArchivedWorkspaceLeavesNothing) {
  const Counts before = baseline();
  const auto id = add_worktree("archived");
  say(id);
  step(id, WorkspaceStatus::READY, WorkspaceStatus::ARCHIVING);
  step(id, WorkspaceStatus::ARCHIVING, WorkspaceStatus::ARCHIVED);
  EXPECT_EQ(life->shown(id, Field::name), "absent");
  sb::testing::git(repository(), {"worktree", "remove", "--force", folder("archived")});
  wait_out();
  wait_out();  // the passes over its row bring no tombstone back
  expect_back_at(before);
}

TEST_F(LeftoversTest, S_18_S_107_AFailedProvisioningThatIsDeletedLeavesNothing) {
  const Counts before = baseline();
  const auto id = add_worktree("failed");
  step(id, WorkspaceStatus::READY, WorkspaceStatus::PROVISIONING);
  step(id, WorkspaceStatus::PROVISIONING, WorkspaceStatus::FAILED);
  say(id);
  sb::testing::git(repository(), {"worktree", "remove", "--force", folder("failed")});
  ASSERT_TRUE(life->reconcile(project()));
  wait_out();
  expect_back_at(before);
}

TEST_F(LeftoversTest, S_18_S_107_ARowDeletedBehindOurBackLeavesNothing) {
  const Counts before = baseline();
  const auto id = add_worktree("lost");
  say(id);
  std::filesystem::remove_all(folder("lost"));
  sb::testing::git(repository(), {"worktree", "prune"});
  life->sql("DELETE FROM workspace WHERE id = '" + id.str() + "'");
  ASSERT_TRUE(life->reconcile(project()));
  EXPECT_EQ(life->shown(id, Field::name), "absent");
  wait_out();
  expect_back_at(before);
}

TEST_F(LeftoversTest, S_18_S_107_ARemovedProjectLeavesNothingAlsoAfterARestart) {
  const Counts before = counts();
  life->add(repository());
  say(add_worktree("with-it"));
  ASSERT_TRUE(life->loop.wait_for<Result<std::uint64_t>>(
      [&](auto done) { life->engine.remove_project(project(), std::move(done)); }));
  expect_back_at(before);
  life.reset();
  begin();
  expect_back_at(before);
}

TEST_F(LeftoversTest, S_18_S_107_ARestartLeavesNothingOfWhatEndedBefore) {
  const Counts before = baseline();
  const auto id = add_worktree("gone");
  say(id);
  sb::testing::git(repository(), {"worktree", "remove", "--force", folder("gone")});
  ASSERT_TRUE(life->reconcile(project()));
  life.reset();
  begin();
  EXPECT_EQ(life->shown(id, Field::name), "absent");
  wait_out();
  Counts told = before;
  told["in the domain"] = 0;  // of changes only
  expect_back_at(told);
}

}  // namespace
}  // namespace sb::orchestration
