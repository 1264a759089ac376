#include "sb/orchestration/ratchet_view.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// Auto-fix on its way into the store: real SQLite and git. Pull requests are told by the test;
// fixers are lost as soon as they were started, so each dispatch is a death.

namespace sb::orchestration {
namespace {

using model::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A life with auto-fix and one repository of one worktree.
class RatchetLife {
 public:
  RatchetLife(const std::filesystem::path& data, const std::string& repository) : life(data) {
    auto made = std::make_unique<RatchetView>(RatchetView::Deps{
        life.ratchets, life.engine.directory(), life.engine.own_facts(), life.store,
        life.loop.clock(),
        [this](const model::WorkspaceId& asked, std::function<void(Result<std::uint64_t>)> done) {
          looks.emplace_back(asked, std::move(done));
        },
        Logger()});
    view = made.get();
    life.engine.add(std::move(made));
    EXPECT_TRUE(life.start());
    project = life.add(repository).project.id;
    id = life.only(project);
  }
  Result<std::uint64_t> toggle(bool enabled) {
    return life.loop.wait_for<Result<std::uint64_t>>(
        [&](auto done) { view->set_enabled(id, enabled, std::move(done)); });
  }
  [[nodiscard]] github::PrRow pull(model::CiStatus ci) {
    github::PrRow row;
    row.workspace = id;
    row.observed = true;
    row.number = 7;
    row.url = "https://github.com/acme/app/pull/7";
    row.state = model::PrState::OPEN;
    row.ci = ci;
    row.conflict = false;
    row.head_commit = "aaa";
    row.head_branch = "main";
    row.stamp = life.counter.next().sequence;
    return row;
  }
  /// What GithubView does with a row: facts, then whoever decides by it.
  void tell(const github::PrRow& row) {
    model::FactPatch patch;
    patch.set<&model::Facts::prNumber>(row.number);
    patch.set<&model::Facts::prUrl>(std::optional(row.url));
    patch.set<&model::Facts::prState>(row.state);
    patch.set<&model::Facts::prCiStatus>(row.ci);
    patch.set<&model::Facts::prReviewState>(row.review);
    patch.set<&model::Facts::hasMergeConflict>(row.conflict == true);
    life.engine.own_facts().state(id, {0, row.stamp, 0}, std::move(patch),
                                  "event:pr_snapshot_updated", snapshot::Update::Cause::event);
    view->pull_request(row);
  }
  [[nodiscard]] std::string shown(Field field) const { return life.shown(id, field); }
  /// Git has had its first look.
  [[nodiscard]] bool becomes_read() {
    return life.loop.run_until([&] { return shown(Field::gitStats) != "null"; });
  }
  [[nodiscard]] bool becomes(Field field, const std::string& text) {
    return life.loop.run_until([&] { return shown(field) == text; });
  }

  Life life;
  RatchetView* view = nullptr;  // the engine's
  std::vector<std::pair<model::WorkspaceId, std::function<void(Result<std::uint64_t>)>>> looks;
  model::ProjectId project;
  model::WorkspaceId id;
};

class RatchetViewTest : public ::testing::Test {
 protected:
  sb::testing::TempDir dir;
  const sb::testing::GitRepo repo{dir.path() / "repo"};
  std::string path = repo.path().string();
};

TEST_F(RatchetViewTest, AWorkspaceThatWasNeverSwitchedOnIsKnownToBeOff) {
  RatchetLife it(dir.path(), path);
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "false");
  EXPECT_THAT(it.shown(Field::unknownFields), ::testing::Not(HasSubstr("ratchetEnabled")));
  EXPECT_THAT(it.shown(Field::unknownFields), ::testing::Not(HasSubstr("ratchetDispatch")));
}

TEST_F(RatchetViewTest, AToggleAnswersTheRevisionWithItsEffect) {
  RatchetLife it(dir.path(), path);
  ASSERT_TRUE(it.becomes_read());
  it.life.settle();  // the reads of git take revisions too
  const auto on = it.toggle(true);
  ASSERT_TRUE(on) << on.error().message;
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "true");
  EXPECT_EQ(*on, it.life.store.head());
  EXPECT_EQ(*it.toggle(true), *on) << "nothing changed, nothing is told";
  it.id = model::WorkspaceId("nobody");
  EXPECT_EQ(it.toggle(true).error().code, ErrorCode::not_found);
}

TEST_F(RatchetViewTest, S_96_SwitchedOnOverAGreenPullRequestItIsReadyAtOnce) {
  RatchetLife it(dir.path(), path);
  it.tell(it.pull(model::CiStatus::SUCCESS));
  std::vector<std::string> reasons;
  it.life.store.on_commit([&] { reasons.push_back(it.shown(Field::statusReason)); });
  ASSERT_TRUE(it.toggle(true));
  EXPECT_EQ(it.shown(Field::ratchetState), R"("READY")");
  ASSERT_FALSE(reasons.empty());
  for (const auto& reason : reasons) EXPECT_THAT(reason, HasSubstr("READY_TO_MERGE"));
}

TEST_F(RatchetViewTest, ADispatchIsShownWithoutAPassAndThreeDeathsAreAStall) {
  RatchetLife it(dir.path(), path);
  it.tell(it.pull(model::CiStatus::FAILURE));
  ASSERT_TRUE(it.toggle(true));
  EXPECT_THAT(it.shown(Field::statusReason), HasSubstr("FIXING_CI_FAILURES"));
  for (int deaths = 1; deaths <= 3; ++deaths) {
    ASSERT_TRUE(it.becomes(Field::ratchetDispatchRetryCount, std::to_string(deaths)));
    ASSERT_TRUE(it.life.reconcile(it.project));
  }
  ASSERT_TRUE(it.becomes(Field::ratchetDispatchStalled, "true"));
  EXPECT_EQ(it.shown(Field::ratchetDispatchOutcome), R"("DIED")");
  EXPECT_THAT(it.shown(Field::statusReason), HasSubstr("RATCHET_STALLED"));
  for (const char* field : {"ratchetDispatchOutcome", "ratchetDispatchRetryCount",
                            "ratchetDispatchStalled", "ratchetEnabled"}) {
    EXPECT_EQ(it.life.drift(field), 0) << field;
  }
  ASSERT_TRUE(it.toggle(false));
  EXPECT_EQ(it.shown(Field::ratchetDispatchOutcome), "null");
  EXPECT_EQ(it.shown(Field::ratchetDispatchStalled), "false");
  EXPECT_THAT(it.shown(Field::statusReason), ::testing::Not(HasSubstr("RATCHET_STALLED")));
}

TEST_F(RatchetViewTest, AWorkspaceThatIsBeingMadeGetsNoFixer) {
  RatchetLife it(dir.path(), path);
  const auto put_status = [&](const std::string& status) {
    it.life.sql("UPDATE workspace SET status = '" + status +
                "', stamp = " + std::to_string(it.life.counter.next().sequence));
    EXPECT_TRUE(it.life.reconcile(it.project));
    EXPECT_EQ(it.shown(Field::status), '"' + status + '"');
  };
  put_status("PROVISIONING");
  it.tell(it.pull(model::CiStatus::FAILURE));
  ASSERT_TRUE(it.toggle(true));
  ASSERT_TRUE(it.life.reconcile(it.project));
  EXPECT_EQ(it.shown(Field::ratchetDispatchOutcome), "null");
  put_status("READY");
  ASSERT_TRUE(it.life.reconcile(it.project));
  EXPECT_TRUE(it.becomes(Field::ratchetDispatchOutcome, R"("DIED")"));
}

TEST_F(RatchetViewTest, S_27_AnotherPullRequestIsDecidedUponAtOnce) {
  RatchetLife it(dir.path(), path);
  auto merged = it.pull(model::CiStatus::SUCCESS);
  merged.state = model::PrState::MERGED;
  it.tell(merged);
  ASSERT_TRUE(it.toggle(true));
  EXPECT_EQ(it.shown(Field::ratchetDispatchOutcome), "null");
  auto next = it.pull(model::CiStatus::FAILURE);
  next.number = 8;
  next.url = "https://github.com/acme/app/pull/8";
  it.tell(next);
  EXPECT_TRUE(it.becomes(Field::ratchetDispatchOutcome, R"("DIED")"));
}

TEST_F(RatchetViewTest, S_23_NoCommitMixesAMergedPullRequestWithTheStateOfAnOpenOne) {
  RatchetLife it(dir.path(), path);
  it.tell(it.pull(model::CiStatus::SUCCESS));
  ASSERT_TRUE(it.toggle(true));
  int mixed = 0;
  it.life.store.on_commit([&] {
    mixed += (it.shown(Field::prState) == R"("MERGED")") !=
                     (it.shown(Field::ratchetState) == R"("MERGED")")
                 ? 1
                 : 0;
  });
  auto merged = it.pull(model::CiStatus::SUCCESS);
  merged.state = model::PrState::MERGED;
  it.tell(merged);
  EXPECT_EQ(it.shown(Field::ratchetState), R"("MERGED")");
  EXPECT_EQ(mixed, 0);
}

TEST_F(RatchetViewTest, ALostEventIsRepairedByTheNextPassAndCountedAsDrift) {
  RatchetLife it(dir.path(), path);
  // A commit whose event never came.
  it.life.sql(
      "INSERT INTO ratchet (workspace, enabled, outcome, retries, stalled, stamp) VALUES ('" +
      it.id.str() + "', 1, 'COMPLETED', 2, 1, 1)");
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "false");
  ASSERT_TRUE(it.life.reconcile(it.project));
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "true");
  EXPECT_EQ(it.shown(Field::ratchetDispatchOutcome), R"("COMPLETED")");
  EXPECT_EQ(it.shown(Field::ratchetDispatchRetryCount), "2");
  EXPECT_EQ(it.shown(Field::ratchetDispatchStalled), "true");
  EXPECT_EQ(it.life.drift("ratchetEnabled"), 1);
  ASSERT_TRUE(it.life.reconcile(it.project));
  EXPECT_EQ(it.life.drift("ratchetEnabled"), 1);
}

TEST_F(RatchetViewTest, NothingIsShownWhileTheCommitIsHeldOpen) {
  RatchetLife it(dir.path(), path);
  it.life.settle();
  std::optional<Result<std::uint64_t>> answer;
  {
    sb::testing::HeldWriter held(it.life.writer);
    it.view->set_enabled(it.id, true, [&](auto revision) { answer = std::move(revision); });
    it.life.loop.run_ready();
    EXPECT_FALSE(answer);
    EXPECT_EQ(it.shown(Field::ratchetEnabled), "false");
  }
  ASSERT_TRUE(it.life.loop.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "true");
}

TEST_F(RatchetViewTest, TheSwitchIsInTheFirstBaselineAfterARestart) {
  {
    RatchetLife before(dir.path(), path);
    ASSERT_TRUE(before.toggle(true));
  }
  RatchetLife it(dir.path(), path);
  EXPECT_EQ(it.shown(Field::ratchetEnabled), "true");
}

TEST_F(RatchetViewTest, ARemovedWorkspaceTakesItsRowAlong) {
  RatchetLife it(dir.path(), path);
  ASSERT_TRUE(it.toggle(true));
  ASSERT_TRUE(it.life.loop.wait_for<Result<std::uint64_t>>(
      [&](auto done) { it.life.engine.remove_project(it.project, std::move(done)); }));
  const auto rows = [&] {
    return it.life.loop
        .wait_for<Result<ratchet::Contents>>(
            [&](auto done) { it.life.ratchets.read(std::move(done)); })
        ->rows.size();
  };
  EXPECT_TRUE(it.life.loop.run_until([&] { return rows() == 0; }));
  EXPECT_EQ(it.toggle(true).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace sb::orchestration
