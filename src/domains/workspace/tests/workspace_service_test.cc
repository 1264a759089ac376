#include "sb/workspace/workspace_service.h"

#include <chrono>
#include <string>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

#include "house.h"
#include "tables.h"

namespace sb::workspace {
namespace {

using model::WorkspaceStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Lifecycle, AllowsExactlyTheStepsOfTheContract) {
  using enum WorkspaceStatus;
  const std::vector<std::pair<WorkspaceStatus, WorkspaceStatus>> allowed{
      {NEW, PROVISIONING},   {PROVISIONING, READY},  {PROVISIONING, FAILED}, {READY, ARCHIVING},
      {READY, PROVISIONING}, {FAILED, PROVISIONING}, {FAILED, NEW},          {FAILED, ARCHIVING},
      {ARCHIVING, READY},    {ARCHIVING, FAILED},    {ARCHIVING, ARCHIVED}};
  using All = boost::describe::describe_enumerators<WorkspaceStatus>;
  boost::mp11::mp_for_each<All>([&](auto from) {
    boost::mp11::mp_for_each<All>([&](auto to) {
      const bool listed =
          std::count(allowed.begin(), allowed.end(), std::pair(from.value, to.value)) > 0;
      EXPECT_EQ(may_become(from.value, to.value), listed) << from.name << " to " << to.name;
    });
  });
}

class WorkspaceServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    project_ = house_.project(repo_.path());
    id_ = house_.workspace_at(repo_.path()).id;
    house_.events.clear();
  }
  testing::TempDir dir_;
  testing::GitRepo repo_{dir_ / "repo"};
  House house_{dir_ / "snapboard.db"};
  ProjectRow project_;
  model::WorkspaceId id_;
};

TEST_F(WorkspaceServiceTest, TellsAStepWithTheStampOfItsCommit) {
  const auto row = house_.transition(id_, WorkspaceStatus::READY, WorkspaceStatus::ARCHIVING);
  ASSERT_TRUE(row) << row.error().message;
  EXPECT_EQ(row->status, WorkspaceStatus::ARCHIVING);
  EXPECT_EQ(row->stamp, house_.counter().last());
  ASSERT_THAT(house_.told<WorkspaceChanged>(), SizeIs(1));
  EXPECT_EQ(house_.told<WorkspaceChanged>()[0].row.stamp, row->stamp);
  EXPECT_EQ(house_.told<WorkspaceChanged>()[0].row.status, WorkspaceStatus::ARCHIVING);
  house_.restart();
  EXPECT_EQ(house_.loaded().workspaces[0].status, WorkspaceStatus::ARCHIVING);
}

TEST_F(WorkspaceServiceTest, ALostCompareAndSetTellsNothing) {
  const auto lost = house_.transition(id_, WorkspaceStatus::PROVISIONING, WorkspaceStatus::FAILED);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_THAT(lost.error().message, HasSubstr("READY"));
  const auto forbidden = house_.transition(id_, WorkspaceStatus::READY, WorkspaceStatus::ARCHIVED);
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().code, ErrorCode::conflict);
  const auto unknown = house_.transition(model::WorkspaceId("none"), WorkspaceStatus::READY,
                                         WorkspaceStatus::ARCHIVING);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.workspace_at(repo_.path()).status, WorkspaceStatus::READY);
}

TEST_F(WorkspaceServiceTest, OneOfTwoRivalsWins) {
  std::vector<bool> won;
  for (const auto to : {WorkspaceStatus::ARCHIVING, WorkspaceStatus::PROVISIONING}) {
    house_.service().transition(
        id_, WorkspaceStatus::READY, to,
        [&](const Result<WorkspaceRow>& row) { won.push_back(row.has_value()); });
  }
  ASSERT_TRUE(house_.loop().run_until([&] { return won.size() == 2; }));
  EXPECT_THAT(won, ElementsAre(true, false));
  EXPECT_THAT(house_.events, SizeIs(1));
}

TEST_F(WorkspaceServiceTest, TellsNothingWhileTheTransactionIsOpen) {
  HeldWriter held(house_.writer());
  bool answered = false;
  house_.service().rename(id_, "new", [&](const Result<WorkspaceRow>&) { answered = true; });
  house_.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_THAT(house_.events, IsEmpty());
  held.release();
  ASSERT_TRUE(house_.loop().run_until([&] { return answered; }));
  EXPECT_THAT(house_.events, SizeIs(1));
}

TEST_F(WorkspaceServiceTest, TellsNothingWhenTheCommitFails) {
  // What a rename writes breaks a foreign key, which is looked at when it is committed.
  for (const std::string_view sql :
       {"CREATE TABLE broken (project TEXT REFERENCES project DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER breaks AFTER UPDATE ON workspace BEGIN"
        " INSERT INTO broken VALUES ('absent'); END"}) {
    ASSERT_TRUE(
        house_.writer().run([sql](sqlite::Database& database) { return database.execute(sql); }));
  }
  std::optional<Error> error;
  house_.service().rename(id_, "new", [&](const Result<WorkspaceRow>& row) {
    ASSERT_FALSE(row);
    error = row.error();
  });
  ASSERT_TRUE(house_.loop().run_until([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, ErrorCode::internal);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.workspace_at(repo_.path()).name, "repo");
}

TEST_F(WorkspaceServiceTest, TellsInTheOrderOfStamps) {
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    house_.service().rename(id_, "name " + std::to_string(i),
                            [&](const Result<WorkspaceRow>&) { ++answered; });
  }
  ASSERT_TRUE(house_.loop().run_until([&] { return answered == 20; }));
  const auto told = house_.told<WorkspaceChanged>();
  ASSERT_THAT(told, SizeIs(20));
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].row.name, "name " + std::to_string(i));
    EXPECT_EQ(told[i].row.stamp, told[0].row.stamp + i);
  }
}

TEST_F(WorkspaceServiceTest, ChecksNames) {
  for (const std::string& bad : {std::string(), std::string("   "), std::string(257, 'x'),
                                 std::string("a\nb"), std::string("\xff")}) {
    const auto refused = house_.rename(id_, bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().path, "$.name");
  }
  EXPECT_TRUE(house_.rename(id_, std::string(256, 'x')));
  EXPECT_TRUE(house_.rename(id_, "größer & \"besser\""));
  const auto unknown = house_.rename(model::WorkspaceId("none"), "x");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST_F(WorkspaceServiceTest, DropsWhiteSpaceAroundAName) {
  const auto renamed = house_.rename(id_, " \t Fix  it \n");
  ASSERT_TRUE(renamed) << renamed.error().message;
  EXPECT_EQ(renamed->name, "Fix  it");
  EXPECT_TRUE(house_.rename(id_, " " + std::string(256, 'x') + " ")) << "it does not count";
  const auto project = house_.register_project(repo_.path(), "  Chosen ");
  ASSERT_TRUE(project);
  EXPECT_EQ(project->row.name, "Chosen");
}

TEST_F(WorkspaceServiceTest, AReadIsFencedByTheWritesAroundIt) {
  bool done = false;
  Contents seen;
  house_.service().rename(id_, "before", [](const Result<WorkspaceRow>&) {});
  const auto before = house_.counter().last();
  house_.service().read([&](const Result<Contents>& contents) { seen = *contents; });
  house_.service().rename(id_, "after", [&](const Result<WorkspaceRow>&) { done = true; });
  ASSERT_TRUE(house_.loop().run_until([&] { return done; }));
  EXPECT_EQ(seen.fence, before + 1);
  EXPECT_EQ(seen.workspaces[0].name, "before");
  EXPECT_EQ(seen.stamp_max, before);
  EXPECT_GT(house_.workspace_at(repo_.path()).stamp, seen.fence);
}

TEST_F(WorkspaceServiceTest, RemovesAProjectWithItsWorkspaces) {
  repo_.add_worktree("../one", "one");
  ASSERT_TRUE(house_.adopt(project_.id));
  house_.events.clear();
  ASSERT_TRUE(house_.remove_project(project_.id));
  EXPECT_THAT(house_.told<WorkspaceRemoved>(), SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<ProjectRemoved>(house_.events.back()));
  EXPECT_THAT(house_.read().workspaces, IsEmpty());
  const auto again = house_.remove_project(project_.id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::not_found);
  EXPECT_NE(house_.project(repo_.path()).id, project_.id);
}

TEST_F(WorkspaceServiceTest, RaisesTheCounterAboveEveryStampAtStart) {
  ASSERT_TRUE(house_.rename(id_, "x"));
  const auto last = house_.counter().last();
  house_.restart();
  EXPECT_EQ(house_.loaded().stamp_max, last);
  EXPECT_GT(house_.counter().last(), last);
}

TEST_F(WorkspaceServiceTest, CallsNobodyAfterItsEnd) {
  bool called = false;
  house_.service().rename(id_, "x", [&](const Result<WorkspaceRow>&) { called = true; });
  house_.service().adopt(project_.id,
                         [&](const Result<WorkspaceService::Adoption>&) { called = true; });
  house_.service().register_project(
      repo_.str(), {}, {}, [&](const Result<WorkspaceService::Registration>&) { called = true; });
  house_.stop();
  EXPECT_FALSE(called);
  EXPECT_THAT(house_.events, IsEmpty());
  house_.start();
  EXPECT_EQ(house_.loaded().workspaces[0].name, "x") << "but what was queued is written";
}

TEST(WorkspaceRows, S_106_LoadByTheTenThousand) {
  const testing::TempDir dir;
  constexpr int kRows = 10'000;
  {
    sqlite::Writer writer(open_database(dir / "big.db"));
    const auto done = writer.run([](sqlite::Database& database) -> Result<void> {
      ProjectRow project;
      project.id = model::ProjectId("p");
      SB_TRY_VOID(insert_project(database, project));
      for (int i = 0; i < kRows; ++i) {
        StoredWorkspace workspace;
        workspace.row.id = model::WorkspaceId(std::to_string(i));
        workspace.row.project = project.id;
        workspace.row.name = "workspace " + std::to_string(i);
        workspace.row.worktree_path = "/somewhere/in/a/home/" + std::to_string(i);
        workspace.row.git_dir = "/somewhere/in/a/repository/.git/worktrees/" + std::to_string(i);
        workspace.row.stamp = static_cast<std::uint64_t>(i);
        SB_TRY_VOID(insert_workspace(database, workspace));
      }
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  const auto start = std::chrono::steady_clock::now();
  House house(dir / "big.db");
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_THAT(house.loaded().workspaces, SizeIs(kRows));
  EXPECT_EQ(house.loaded().stamp_max, static_cast<std::uint64_t>(kRows - 1));
  RecordProperty(
      "open_and_load_ms",
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST(WorkspaceRows, WithAnUnknownStatusAreAnError) {
  const testing::TempDir dir;
  auto database = open_database(dir / "x.db");
  ProjectRow project;
  project.id = model::ProjectId("p");
  ASSERT_TRUE(insert_project(*database, project));
  StoredWorkspace workspace;
  workspace.row.id = model::WorkspaceId("w");
  workspace.row.project = project.id;
  ASSERT_TRUE(insert_workspace(*database, workspace));
  ASSERT_TRUE(database->execute("UPDATE workspace SET status = 'DREAMING'"));
  const auto read = shown_workspaces(*database);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("DREAMING"));
}

}  // namespace
}  // namespace sb::workspace
