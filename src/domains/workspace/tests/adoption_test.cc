#include "adoption.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/utf8.h"
#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

#include "house.h"

namespace sb::workspace {
namespace {

namespace fs = std::filesystem;
using testing::GitRepo;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AdoptionTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  GitRepo repo_{dir_ / "repo"};
  House house_{dir_ / "snapboard.db"};
};

TEST_F(AdoptionTest, RegistersARepositoryWithAllItsWorktrees) {
  const auto feature = repo_.add_worktree("../feature-folder", "feature/one");
  repo_.git({"worktree", "add", "-q", "--detach", (dir_ / "detached").string()});
  const auto registered = house_.register_project(repo_.path());
  ASSERT_TRUE(registered) << registered.error().message;
  EXPECT_TRUE(registered->created);
  EXPECT_EQ(registered->row.name, "repo");
  EXPECT_EQ(registered->row.repo_path, repo_.str());
  EXPECT_EQ(registered->row.common_dir, (repo_ / ".git").string());
  EXPECT_EQ(registered->row.problem, std::nullopt);

  const auto main = house_.workspace_at(repo_.path());
  EXPECT_EQ(main.name, "repo");
  EXPECT_TRUE(main.is_main);
  EXPECT_EQ(main.branch_name, "main");
  EXPECT_EQ(main.status, model::WorkspaceStatus::READY);
  EXPECT_EQ(main.git_dir, (repo_ / ".git").string());
  EXPECT_EQ(main.problem, std::nullopt);
  const auto linked = house_.workspace_at(feature);
  EXPECT_EQ(linked.name, "feature-folder");
  EXPECT_FALSE(linked.is_main);
  EXPECT_EQ(linked.branch_name, "feature/one");
  EXPECT_EQ(linked.git_dir, (repo_ / ".git/worktrees/feature-folder").string());
  EXPECT_GT(linked.created_at.time_since_epoch().count(), 0);
  EXPECT_EQ(house_.workspace_at(dir_ / "detached").branch_name, std::nullopt);

  EXPECT_THAT(house_.told<ProjectChanged>(), SizeIs(1));
  EXPECT_THAT(house_.told<WorkspaceChanged>(), SizeIs(3));
  EXPECT_TRUE(std::holds_alternative<ProjectChanged>(house_.events.front()));
}

TEST_F(AdoptionTest, FindsNothingToCorrectTheSecondTime) {
  repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  house_.events.clear();
  const auto before = house_.read();
  const auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->total(), 0U);
  EXPECT_THAT(house_.events, IsEmpty());
  EXPECT_EQ(house_.read().stamp_max, before.stamp_max);
}

TEST_F(AdoptionTest, IsOneProjectThroughEveryPathToIt) {
  const auto linked = repo_.add_worktree("../linked", "linked");
  fs::create_directories(repo_ / "deep/er");
  fs::create_directory_symlink(repo_.path(), dir_ / "link");
  const auto first = house_.register_project(linked);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->row.repo_path, repo_.str());
  for (const auto& path :
       {repo_.path(), repo_ / "deep/er", dir_ / "link", dir_ / "link/deep", repo_ / ".git"}) {
    const auto again = house_.register_project(path);
    ASSERT_TRUE(again) << path << again.error().message;
    EXPECT_FALSE(again->created);
    EXPECT_EQ(again->row.id, first->row.id);
  }
  EXPECT_THAT(house_.read().projects, SizeIs(1));
  EXPECT_THAT(house_.read().workspaces, SizeIs(2));
}

TEST_F(AdoptionTest, TwoRegistrationsAtOnceMakeOneProject) {
  std::vector<WorkspaceService::Registration> answers;
  for (int i = 0; i < 2; ++i) {
    house_.service().register_project(repo_.str(), {}, {},
                                      [&](const Result<WorkspaceService::Registration>& answer) {
                                        ASSERT_TRUE(answer) << answer.error().message;
                                        answers.push_back(*answer);
                                      });
  }
  ASSERT_TRUE(house_.loop().run_until([&] { return answers.size() == 2; }));
  EXPECT_EQ(answers[0].row.id, answers[1].row.id);
  EXPECT_NE(answers[0].created, answers[1].created);
  EXPECT_THAT(house_.read().workspaces, SizeIs(1));
}

TEST_F(AdoptionTest, TakesTheUsersNameAndBranchForAProject) {
  const auto first = house_.register_project(repo_.path(), "Chosen", "trunk");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->row.name, "Chosen");
  EXPECT_EQ(first->row.default_branch, "trunk");
  house_.events.clear();
  const auto silent = house_.register_project(repo_.path());
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->row.name, "Chosen");
  EXPECT_THAT(house_.events, IsEmpty());
  const auto changed = house_.register_project(repo_.path(), "Other");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->row.name, "Other");
  EXPECT_EQ(changed->row.default_branch, "trunk");
  EXPECT_THAT(house_.told<ProjectChanged>(), SizeIs(1));
}

TEST_F(AdoptionTest, RefusesWhatIsNoRepository) {
  fs::create_directories(dir_ / "plain");
  for (const auto& path : {dir_ / "plain", dir_ / "absent"}) {
    const auto refused = house_.register_project(path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr(path.string()));
  }
  EXPECT_FALSE(house_.register_project(repo_.path(), "  "));
  EXPECT_FALSE(house_.register_project(repo_.path(), {}, "--upload-pack=x"));
  EXPECT_THAT(house_.read().projects, IsEmpty());
  EXPECT_THAT(house_.events, IsEmpty());
}

TEST_F(AdoptionTest, SeesAddedChangedAndRemovedWorktrees) {
  const auto project = house_.project(repo_.path());
  house_.events.clear();

  const auto one = repo_.add_worktree("../one", "one");
  auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->added, 1U);
  EXPECT_EQ(adopted->total(), 1U);
  const auto id = house_.workspace_at(one).id;

  testing::git(one, {"switch", "-q", "-c", "other"});
  repo_.git({"switch", "-q", "-c", "trunk"});
  house_.events.clear();
  adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->changed, 2U);
  EXPECT_EQ(house_.workspace_at(one).id, id);
  EXPECT_EQ(house_.workspace_at(one).branch_name, "other");
  EXPECT_EQ(house_.workspace_at(repo_.path()).branch_name, "trunk");
  EXPECT_THAT(house_.told<WorkspaceChanged>(), SizeIs(2));

  repo_.remove_worktree(one);
  house_.events.clear();
  adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->removed, 1U);
  ASSERT_THAT(house_.events, SizeIs(1));
  const auto removed = house_.told<WorkspaceRemoved>();
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].id, id);
  EXPECT_EQ(removed[0].project, project.id);
  EXPECT_EQ(removed[0].stamp, house_.counter().last());
}

TEST_F(AdoptionTest, MovingAWorktreeKeepsItsId) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const auto before = house_.workspace_at(one);
  repo_.move_worktree(one, dir_ / "moved here");
  ASSERT_TRUE(house_.adopt(project.id));
  const auto after = house_.workspace_at(dir_ / "moved here");
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.name, "moved here");
  EXPECT_GT(after.stamp, before.stamp);
  EXPECT_THAT(house_.told<WorkspaceRemoved>(), IsEmpty());
}

TEST_F(AdoptionTest, RemovingAndAddingAWorktreeMakesANewId) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const auto before = house_.workspace_at(one);
  repo_.remove_worktree(one);
  repo_.git({"worktree", "add", "-q", one.string(), "one"});
  house_.events.clear();
  const auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->removed, 1U);
  EXPECT_EQ(adopted->added, 1U);
  const auto after = house_.workspace_at(one);
  EXPECT_EQ(after.git_dir, before.git_dir);
  EXPECT_NE(after.id, before.id);
  ASSERT_THAT(house_.events, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<WorkspaceRemoved>(house_.events[0]));
}

TEST_F(AdoptionTest, KnowsMovedAndRemadeWorktreesAfterARestartToo) {
  const auto moved = repo_.add_worktree("../moved", "moved");
  const auto remade = repo_.add_worktree("../remade", "remade");
  const auto project = house_.project(repo_.path());
  const auto main_id = house_.workspace_at(repo_.path()).id;
  const auto moved_id = house_.workspace_at(moved).id;
  const auto remade_id = house_.workspace_at(remade).id;
  const auto stamp = house_.counter().last();

  house_.stop();
  repo_.move_worktree(moved, dir_ / "elsewhere");
  repo_.remove_worktree(remade);
  repo_.git({"worktree", "add", "-q", remade.string(), "remade"});
  house_.start();

  EXPECT_THAT(house_.loaded().workspaces, SizeIs(3));
  EXPECT_LE(house_.loaded().stamp_max, stamp);
  EXPECT_GT(house_.loaded().fence, house_.loaded().stamp_max);
  const auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->changed, 1U);
  EXPECT_EQ(adopted->removed, 1U);
  EXPECT_EQ(adopted->added, 1U);
  EXPECT_EQ(house_.workspace_at(repo_.path()).id, main_id);
  EXPECT_EQ(house_.workspace_at(dir_ / "elsewhere").id, moved_id);
  EXPECT_NE(house_.workspace_at(remade).id, remade_id);
  EXPECT_GT(house_.workspace_at(remade).stamp, house_.loaded().stamp_max);
}

TEST_F(AdoptionTest, KeepsAWorktreeWhoseFolderVanishedAndSaysSo) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const auto before = house_.workspace_at(one);
  fs::remove_all(one);
  house_.events.clear();
  ASSERT_TRUE(house_.adopt(project.id));
  const auto gone = house_.workspace_at(one);
  EXPECT_EQ(gone.id, before.id);
  ASSERT_TRUE(gone.problem);
  EXPECT_EQ(gone.problem->code, "worktree_missing");
  EXPECT_THAT(gone.problem->message, HasSubstr(one.string()));
  EXPECT_EQ(gone.branch_name, "one");
  ASSERT_THAT(house_.told<WorkspaceChanged>(), SizeIs(1));
  EXPECT_EQ(house_.told<WorkspaceChanged>()[0].row.problem, gone.problem);
  EXPECT_EQ(house_.told<WorkspaceChanged>()[0].row.stamp, gone.stamp);

  repo_.git({"worktree", "repair"});
  repo_.git({"worktree", "prune"});
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_THAT(house_.read().workspaces, SizeIs(1));
}

TEST_F(AdoptionTest, TakesAProblemBackWhenItIsGone) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  fs::rename(one, dir_ / "away");
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_TRUE(house_.workspace_at(one).problem);
  fs::rename(dir_ / "away", one);
  house_.events.clear();
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_FALSE(house_.workspace_at(one).problem);
  ASSERT_THAT(house_.told<WorkspaceChanged>(), SizeIs(1));
  EXPECT_FALSE(house_.told<WorkspaceChanged>()[0].row.problem);
}

TEST_F(AdoptionTest, SaysWhenHeadCannotBeReadAndKeepsTheLastBranch) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const fs::path head = fs::path(house_.workspace_at(one).git_dir) / "HEAD";
  const auto text = testing::read_file(head);
  testing::write_file(head, "nonsense\n");
  ASSERT_TRUE(house_.adopt(project.id));
  const auto broken = house_.workspace_at(one);
  ASSERT_TRUE(broken.problem);
  EXPECT_EQ(broken.problem->code, "git_failed");
  EXPECT_EQ(broken.branch_name, "one");
  testing::write_file(head, text);
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_FALSE(house_.workspace_at(one).problem);
}

TEST_F(AdoptionTest, RemovesNothingWhenTheRepositoryVanishes) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const auto id = house_.workspace_at(one).id;
  fs::rename(repo_.path(), dir_ / "hidden");
  house_.events.clear();
  auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->removed, 0U);
  EXPECT_EQ(adopted->changed, 3U);
  auto contents = house_.read();
  ASSERT_TRUE(contents.projects[0].problem);
  EXPECT_EQ(contents.projects[0].problem->code, "not_a_repository");
  ASSERT_THAT(contents.workspaces, SizeIs(2));
  for (const auto& row : contents.workspaces) {
    ASSERT_TRUE(row.problem);
    EXPECT_EQ(row.problem->code, "not_a_repository") << "its folder may well be there";
    EXPECT_THAT(row.problem->message, HasSubstr("The repository " + repo_.str() + " cannot"));
    EXPECT_THAT(row.problem->message, HasSubstr((repo_ / ".git").string() + " does not exist"));
  }
  EXPECT_THAT(house_.events, SizeIs(3));

  house_.events.clear();
  adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->total(), 0U);
  EXPECT_THAT(house_.events, IsEmpty());

  fs::rename(dir_ / "hidden", repo_.path());
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_FALSE(house_.read().projects[0].problem);
  EXPECT_EQ(house_.workspace_at(one).id, id);
  EXPECT_FALSE(house_.workspace_at(one).problem);
}

TEST_F(AdoptionTest, DoesNotTakeAnOuterRepositoryForAVanishedOne) {
  const GitRepo inner(repo_ / "inner");
  const auto project = house_.project(inner.path());
  for (const bool leftover : {false, true}) {
    fs::remove_all(inner / ".git");
    if (leftover) fs::create_directory(inner / ".git");
    ASSERT_TRUE(house_.adopt(project.id));
    const auto contents = house_.read();
    ASSERT_TRUE(contents.projects[0].problem);
    EXPECT_EQ(contents.projects[0].problem->code, "not_a_repository");
    EXPECT_EQ(contents.projects[0].repo_path, inner.str());
    EXPECT_THAT(contents.workspaces, SizeIs(1));
  }
}

TEST_F(AdoptionTest, ABareRepositoryIsAProblemOnlyWithoutWorktrees) {
  const GitRepo bare(dir_ / "store.git", GitRepo::Kind::bare);
  const auto project = house_.project(bare.path());
  EXPECT_EQ(project.name, "store");
  ASSERT_TRUE(project.problem);
  EXPECT_EQ(project.problem->code, "bare");
  EXPECT_THAT(house_.read().workspaces, IsEmpty());
  EXPECT_EQ(house_.told<ProjectChanged>().back().row.problem, project.problem);

  repo_.git({"push", "-q", bare.str(), "main"});
  bare.git({"worktree", "add", "-q", (dir_ / "tree").string(), "main"});
  ASSERT_TRUE(house_.adopt(project.id));
  const auto contents = house_.read();
  EXPECT_FALSE(contents.projects[0].problem);
  ASSERT_THAT(contents.workspaces, SizeIs(1));
  EXPECT_EQ(contents.workspaces[0].name, "tree");
  EXPECT_FALSE(contents.workspaces[0].is_main);
}

TEST_F(AdoptionTest, SaysThatTheBranchToCompareWithIsMissingUntilItIsThere) {
  const auto registered = house_.register_project(repo_.path(), {}, "trunk");
  ASSERT_TRUE(registered);
  const auto& problem = registered->row.problem;
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->code, "default_branch_missing");
  EXPECT_THAT(problem->message, HasSubstr("no branch trunk"));
  const auto id = registered->row.id;
  EXPECT_EQ(house_.workspace_at(repo_.path()).problem, std::nullopt) << "the project works";
  house_.restart();
  ASSERT_TRUE(house_.adopt(id));
  EXPECT_EQ(house_.read().projects[0].problem, problem);

  // There as a local branch, packed too; as one of origin; or as the setting is another one.
  const auto now = [&] {
    EXPECT_TRUE(house_.adopt(id));
    return house_.read().projects[0].problem;
  };
  house_.events.clear();
  repo_.git({"branch", "trunk"});
  EXPECT_EQ(now(), std::nullopt);
  EXPECT_THAT(house_.told<ProjectChanged>(), SizeIs(1));
  repo_.git({"pack-refs", "--all"});
  EXPECT_EQ(now(), std::nullopt);
  repo_.git({"branch", "-D", "trunk"});
  EXPECT_EQ(now(), problem);
  repo_.git({"update-ref", "refs/remotes/origin/trunk", "HEAD"});
  EXPECT_EQ(now(), std::nullopt);
  repo_.git({"update-ref", "-d", "refs/remotes/origin/trunk"});
  EXPECT_EQ(now(), problem);
  const auto changed = house_.register_project(repo_.path(), {}, "main");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->row.problem, std::nullopt);
}

TEST_F(AdoptionTest, ABranchWithoutACommitIsNotMissing) {
  testing::GitRepo empty(dir_ / "empty", testing::GitRepo::Kind::empty);
  const auto registered = house_.register_project(empty.path(), {}, "main");
  ASSERT_TRUE(registered);
  EXPECT_EQ(registered->row.problem, std::nullopt);
}

TEST_F(AdoptionTest, TakesARepositoryWithoutCommits) {
  const GitRepo empty(dir_ / "empty", GitRepo::Kind::empty);
  house_.project(empty.path());
  const auto main = house_.workspace_at(empty.path());
  EXPECT_EQ(main.branch_name, "main");
  EXPECT_FALSE(main.problem);
}

TEST_F(AdoptionTest, FollowsASeparateGitDirectory) {
  const auto place = dir_ / "work";
  repo_.git({"clone", "-q", "--separate-git-dir", (dir_ / "elsewhere.git").string(), repo_.str(),
             place.string()});
  const auto project = house_.project(place);
  EXPECT_EQ(project.name, "work");
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_EQ(house_.workspace_at(place).name, "work");
  fs::remove_all(place);
  ASSERT_TRUE(house_.adopt(project.id));
  ASSERT_TRUE(house_.workspace_at(place).problem);
  EXPECT_EQ(house_.workspace_at(place).problem->code, "worktree_missing");
}

TEST_F(AdoptionTest, KeepsPathsAsBytesAndMakesNamesText) {
  const std::string odd = std::string("l\xf6we \"\n'") + "x";
  const auto path = dir_ / odd;
  repo_.add_worktree(path, "odd");
  const auto project = house_.project(repo_.path());
  const auto row = house_.workspace_at(path);
  EXPECT_EQ(row.worktree_path, path.string());
  EXPECT_TRUE(is_valid_utf8(row.name));
  EXPECT_EQ(row.name, to_valid_utf8(odd));
  house_.restart();
  const auto adopted = house_.adopt(project.id);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->total(), 0U);
}

TEST_F(AdoptionTest, KeepsTheUsersNameThroughAMove) {
  const auto one = repo_.add_worktree("../one", "one");
  const auto project = house_.project(repo_.path());
  const auto id = house_.workspace_at(one).id;
  ASSERT_TRUE(house_.rename(id, "My task"));
  house_.restart();
  repo_.move_worktree(one, dir_ / "two");
  ASSERT_TRUE(house_.adopt(project.id));
  EXPECT_EQ(house_.workspace_at(dir_ / "two").name, "My task");
  EXPECT_EQ(house_.workspace_at(dir_ / "two").id, id);
}

TEST_F(AdoptionTest, AnswersEveryCallerOfACrowdWithFewRuns) {
  const auto project = house_.project(repo_.path());
  constexpr std::size_t kCallers = 20;
  const auto stamp = house_.counter().last();
  std::size_t answered = 0;
  for (std::size_t i = 0; i < kCallers; ++i) {
    house_.service().adopt(project.id, [&](const Result<WorkspaceService::Adoption>& adopted) {
      EXPECT_TRUE(adopted);
      ++answered;
    });
  }
  ASSERT_TRUE(house_.loop().run_until([&] { return answered == kCallers; }));
  EXPECT_EQ(house_.counter().last() - stamp, 2U)
      << "one run under way and one more for all the rest";
}

TEST_F(AdoptionTest, ACallDuringARunSeesWhatHappenedDuringIt) {
  const auto project = house_.project(repo_.path());
  HeldWriter held(house_.writer());
  std::size_t answered = 0;
  std::size_t added = 0;
  const auto done = [&](const Result<WorkspaceService::Adoption>& adopted) {
    ASSERT_TRUE(adopted);
    ++answered;
    added += adopted->added;
  };
  const auto stamp = house_.counter().last();
  house_.service().adopt(project.id, done);
  ASSERT_TRUE(house_.loop().run_until(
      [&] { return house_.counter().last() > stamp; }));  // read, not yet written
  repo_.add_worktree("../late", "late");
  house_.service().adopt(project.id, done);
  held.release();
  ASSERT_TRUE(house_.loop().run_until([&] { return answered == 2; }));
  EXPECT_EQ(added, 1U);
}

TEST_F(AdoptionTest, WritesNothingForAProjectRemovedMeanwhile) {
  const auto project = house_.project(repo_.path());
  HeldWriter held(house_.writer());
  repo_.add_worktree("../late", "late");
  bool removed = false;
  std::optional<Error> error;
  house_.service().remove_project(project.id,
                                  [&](const Result<void>& done) { removed = done.has_value(); });
  house_.service().adopt(project.id, [&](const Result<WorkspaceService::Adoption>& adopted) {
    ASSERT_FALSE(adopted);
    error = adopted.error();
  });
  house_.events.clear();
  held.release();
  ASSERT_TRUE(house_.loop().run_until([&] { return removed && error; }));
  EXPECT_EQ(error->code, ErrorCode::not_found);
  EXPECT_THAT(house_.told<WorkspaceChanged>(), IsEmpty());
  EXPECT_THAT(house_.told<WorkspaceRemoved>(), SizeIs(1));
  EXPECT_THAT(house_.told<ProjectRemoved>(), SizeIs(1));
  EXPECT_THAT(house_.read().workspaces, IsEmpty());
  const auto unknown = house_.adopt(project.id);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
}

TEST(SameGitDir, GoesByPathAndBirthAndElseByInode) {
  const git_cli::GitDirIdentity found{"/r/.git", 1, 20, 3000};
  EXPECT_TRUE(same_git_dir("/r/.git", 20, 3000, found));
  EXPECT_TRUE(same_git_dir("/r/.git", 99, 3000, found))
      << "inodes of some network file systems wander";
  EXPECT_FALSE(same_git_dir("/r/.git", 20, 3001, found));
  EXPECT_FALSE(same_git_dir("/other/.git", 20, 3000, found));
  EXPECT_TRUE(same_git_dir("/r/.git", 20, 0, found));
  EXPECT_FALSE(same_git_dir("/r/.git", 21, 0, found));
}

}  // namespace
}  // namespace sb::workspace
