#include "own_view.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "board_reader.h"
#include "own_view_fixture.h"

// What our own domains say, in the orders in which it can arrive.

namespace sb::orchestration {
namespace {

using model::Field;
using model::WorkspaceStatus;
using namespace std::chrono_literals;

TEST_F(OwnViewTest, S_15_ALateWordAboutADeletedRowCreatesNothing) {
  const auto before = write("w");
  tell(before);
  tell(erase("w"));
  tell(before);
  EXPECT_FALSE(present("w"));
  EXPECT_EQ(view.workspace(model::WorkspaceId("w")), nullptr);
  EXPECT_TRUE(git.worktrees.empty());
}

TEST_F(OwnViewTest, S_25_WhatIsReadyHasItsBranchInTheSameMessage) {
  add("w", in_status(WorkspaceStatus::PROVISIONING));
  BoardServer server(store, model::ProjectId("p"));
  snapshot::Dialect1Session session(store, server.dialect1, {model::ProjectId("p"), "", 100ms});
  ASSERT_TRUE(session.next(loop.clock().mono_now()));
  add("w", [](workspace::WorkspaceRow& row) {
    row.status = WorkspaceStatus::READY;
    row.branch_name = "feature";
  });
  const auto batch = session.next(loop.clock().mono_now());
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 1U);
  EXPECT_NE(batch->front().text().find(R"("status":"READY")"), std::string::npos);
  EXPECT_NE(batch->front().text().find(R"("branchName":"feature")"), std::string::npos);
}

TEST_F(OwnViewTest, S_34_AReadThatEndsAfterItsWorkspaceIsDropped) {
  add("w");
  git::GitFacts facts;
  facts.id = model::WorkspaceId("w");
  facts.stats = model::GitStats{};
  facts.stamp = counter.next();
  tell(erase("w"));
  view.take(facts);
  EXPECT_FALSE(present("w"));
  facts.stamp = counter.next();
  view.take(facts);
  EXPECT_FALSE(present("w"));
}

TEST_F(OwnViewTest, AnotherDefaultBranchIsWhatItsWorktreesAreComparedWith) {
  add("w");
  add("x", [](workspace::WorkspaceRow& row) { row.project = model::ProjectId("q"); });
  auto& project = projects.at(model::ProjectId("p"));
  for (const auto& branch : {std::optional<std::string>("dev"), std::optional<std::string>()}) {
    project.default_branch = branch;
    view.take(workspace::Event(workspace::ProjectChanged{project}));
    EXPECT_EQ(git.worktrees.at(model::WorkspaceId("w")).default_branch, branch);
    EXPECT_EQ(git.worktrees.at(model::WorkspaceId("x")).default_branch, std::nullopt);
  }
}

TEST_F(OwnViewTest, S_61_NobodyIsToldThatAWorkspaceCreatedDuringAPassWent) {
  add("old");
  BoardServer server(store, model::ProjectId("p"));
  snapshot::Dialect1Session session(store, server.dialect1, {model::ProjectId("p"), "", 0ms});
  ASSERT_TRUE(session.next(loop.clock().mono_now()));
  const auto read = rows(fence());
  add("new");
  (void)view.reconcile(read, drift);
  const auto batch = session.next(loop.clock().mono_now());
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 1U);
  EXPECT_NE(batch->front().text().find(R"("type":"snapshot_changed")"), std::string::npos);
  EXPECT_TRUE(present("new"));
  EXPECT_EQ(drift.total(), 0U);
}

TEST_F(OwnViewTest, S_62_ActivityDuringEveryPassKeepsNoRenameOut) {
  add("w");
  write("w", named("new"));
  const auto read = rows(fence());
  git::GitFacts facts;
  facts.id = model::WorkspaceId("w");
  facts.stamp = counter.next();
  facts.last_activity_at = WallTime(1s);
  view.take(facts);
  model::FactPatch patch;
  patch.set<&model::Facts::hasHadSessions>(true);
  view.state(model::WorkspaceId("w"), counter.next(), std::move(patch), "event:session_changed",
             snapshot::Update::Cause::event);
  (void)view.reconcile(read, drift);
  EXPECT_EQ(shown(Field::name), R"("new")");
  EXPECT_EQ(shown(Field::hasHadSessions), "true");
}

TEST_F(OwnViewTest, APassThatReadsAnArchivedRowLetsGoOfItOnce) {
  add("w");
  write("w", in_status(WorkspaceStatus::ARCHIVED));
  EXPECT_EQ(pass().removed, std::vector{model::WorkspaceId("w")});
  EXPECT_FALSE(present("w"));
  EXPECT_EQ(view.workspace(model::WorkspaceId("w")), nullptr);
  EXPECT_TRUE(git.worktrees.empty());
  EXPECT_TRUE(pass().removed.empty());
  EXPECT_EQ(drift.total(), 1U);
  loop.advance(snapshot::Limits{}.tombstone_age_min);
  store.expire(loop.clock().mono_now());
  (void)pass();
  EXPECT_EQ(store.counts().tombstones, 0U) << "its row buries it no second time";
}

TEST_F(OwnViewTest, TwoPassesThatEndInTheWrongOrderLeaveTheNewerRead) {
  add("w");
  write("w", named("earlier"));
  const auto earlier = rows(fence());
  write("w", named("later"));
  const auto later = rows(fence());
  (void)view.reconcile(later, drift);
  const auto passed = view.reconcile(earlier, drift);
  EXPECT_EQ(shown(Field::name), R"("later")");
  EXPECT_TRUE(passed.rejected) << "and asks for another read";
  EXPECT_EQ(drift.total(), 1U);
}

TEST_F(OwnViewTest, S_106_APassOverFiveThousandWorkspacesIsOneCommitAndNoneWhenNothingMoved) {
  constexpr int kWorkspaces = 5'000;
  for (int project = 0; project < 10; ++project) {
    workspace::ProjectRow row;
    row.id = model::ProjectId("p" + std::to_string(project));
    projects.emplace(row.id, row);
    view.take(row);
  }
  store.begin_commit();
  for (int i = 0; i < kWorkspaces; ++i) {
    add("w" + std::to_string(i), [&](workspace::WorkspaceRow& row) {
      row.project = model::ProjectId("p" + std::to_string(i % 10));
    });
  }
  store.end_commit();
  const auto head = store.head();
  (void)pass();
  EXPECT_EQ(store.head(), head);
  for (int i = 0; i < kWorkspaces; ++i) write("w" + std::to_string(i), named("renamed"));
  (void)pass();
  EXPECT_EQ(store.head(), head + 1);
  EXPECT_EQ(drift.total(), std::uint64_t{kWorkspaces});
  EXPECT_EQ(store.counts().entries, std::size_t{kWorkspaces});
}

class FullOwnViewTest : public OwnViewTest {
 protected:
  FullOwnViewTest() : OwnViewTest(limits()) {}
  static snapshot::Limits limits() {
    snapshot::Limits limits;
    limits.workspaces_per_project_max = 3;
    return limits;
  }
};

TEST_F(FullOwnViewTest, TenPassesNeverBringTheEvictedBackAndItsNextEventDoes) {
  for (const char* id : {"a", "b", "c"}) add(id);
  add("a", named("touched"));
  BoardServer server(store, model::ProjectId("p"));
  std::vector<BoardReader> readers;
  for (const auto dialect : BoardReader::kDialects) {
    readers.emplace_back(server, dialect).connect(loop.clock().mono_now());
  }
  const auto all_show = [&](std::vector<std::string> ids) {
    loop.advance(1s);
    for (auto& reader : readers) {
      reader.read(loop.clock().mono_now());
      EXPECT_EQ(reader.difference(), "");
    }
    std::vector<std::string> held;
    for (const auto& [id, text] : server.view().one) held.push_back(id);
    EXPECT_EQ(held, ids);
  };
  all_show({"a", "b", "c"});
  add("d");
  all_show({"a", "c", "d"});
  const auto head = store.head();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(pass().rejected);
  EXPECT_EQ(store.head(), head);
  EXPECT_EQ(drift.total(), 0U);
  all_show({"a", "c", "d"});
  add("b", named("active again"));
  all_show({"a", "b", "d"});
  EXPECT_EQ(store.counts().evictions_total, 2U);
}

// Passes alone never take back what had to go for want of room; a domain that speaks of it does.
TEST_F(FullOwnViewTest, AnEvictedWorkspaceThatADomainSpeaksOfComesBackWithTheNextPass) {
  for (const char* id : {"a", "b", "c", "d"}) add(id);
  ASSERT_FALSE(present("a"));
  int missed = 0;
  view.on_missed([&] { ++missed; });
  const auto speak = [&] {
    model::FactPatch patch;
    patch.set<&model::Facts::isWorking>(true);
    return view.state(model::WorkspaceId("a"), counter.next(), std::move(patch),
                      "event:session_changed", snapshot::Update::Cause::event);
  };
  git::GitFacts facts;
  facts.id = model::WorkspaceId("a");
  facts.stamp = counter.next();
  view.take(facts);
  EXPECT_EQ(missed, 0) << "git reads everything now and then";
  EXPECT_EQ(speak().outcome, snapshot::Outcome::not_found);
  EXPECT_EQ(speak().outcome, snapshot::Outcome::not_found);
  EXPECT_EQ(missed, 1);
  EXPECT_TRUE(pass().taken_back);
  EXPECT_TRUE(present("a"));
  EXPECT_EQ(speak().outcome, snapshot::Outcome::changed);
  EXPECT_EQ(drift.total(), 0U);
  EXPECT_FALSE(pass().taken_back);
}

}  // namespace
}  // namespace sb::orchestration
