#include "sb/git_cli/worktree_changes.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/process/posix_runner.h"
#include "sb/testing/git_repo.h"

namespace sb::git_cli {
namespace {

using ::testing::ElementsAre;

class WorktreeChangesTest : public ::testing::Test {
 protected:
  void SetUp() override { tree_ = repo_.add_worktree("../tree", "topic"); }
  AtRisk risk() {
    auto found =
        questions_.at_risk(tree_.string(), (repo_.path() / ".git" / "worktrees" / "tree").string());
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }

  testing::TempDir dir_;
  testing::GitRepo repo_{dir_ / "repo"};
  std::filesystem::path tree_;
  process::PosixRunner runner_;
  RepositoryQuestions questions_{runner_, testing::kTestDeadline};
};

TEST_F(WorktreeChangesTest, ACleanWorktreeRisksNothing) {
  EXPECT_TRUE(risk().nothing());
  EXPECT_EQ(risk().branch, "topic");
}

TEST_F(WorktreeChangesTest, NamesWhatIsChangedUntrackedAndUnfinished) {
  testing::write_file(tree_ / "README.md", "changed\n");
  testing::write_file(tree_ / "a b.txt", "new\n");
  testing::write_file(tree_ / "folder" / "c.txt", "new\n");
  const auto found = risk();
  EXPECT_THAT(found.changed_names, ElementsAre("README.md"));
  EXPECT_THAT(found.untracked_names, ElementsAre("a b.txt", "folder/"));
  EXPECT_EQ(found.text(), "1 changed file (README.md) and 2 untracked files (a b.txt, folder/)");
}

TEST_F(WorktreeChangesTest, CountsCommitsThatNothingElseHolds) {
  repo_.commit("b.txt", "b\n", "one", tree_);
  repo_.commit("c.txt", "c\n", "two", tree_);
  EXPECT_EQ(risk().text(), "2 commits that are on no other branch, tag or remote");
  repo_.git({"tag", "kept", "topic~1"});
  EXPECT_EQ(risk().commits, 1U);
  repo_.git({"branch", "also", "topic"});
  EXPECT_TRUE(risk().nothing());
}

TEST_F(WorktreeChangesTest, APushedCommitIsSafeAndADetachedOneIsNot) {
  testing::GitRepo origin(dir_ / "origin.git", testing::GitRepo::Kind::bare);
  repo_.git({"remote", "add", "origin", origin.str()});
  repo_.commit("b.txt", "b\n", "one", tree_);
  testing::git(tree_, {"push", "-q", "origin", "topic"});
  EXPECT_TRUE(risk().nothing());
  testing::git(tree_, {"checkout", "-q", "--detach"});
  EXPECT_EQ(risk().branch, std::nullopt);
  EXPECT_TRUE(risk().nothing());
  repo_.commit("c.txt", "c\n", "two", tree_);
  EXPECT_EQ(risk().commits, 1U);
}

TEST_F(WorktreeChangesTest, ManyNamesAreCutShort) {
  for (int i = 0; i < 7; ++i) testing::write_file(tree_ / ("f" + std::to_string(i)), "x");
  EXPECT_EQ(risk().text(), "7 untracked files (f0, f1, f2, f3, f4, …)");
}

TEST_F(WorktreeChangesTest, AnswersWhereABranchBegins) {
  const std::string place = (repo_.path() / ".git").string();
  const std::string head = repo_.git({"rev-parse", "HEAD"});
  EXPECT_EQ(questions_.commit_of(place, "topic").value(), head);
  EXPECT_EQ(questions_.commit_of(place, "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(questions_.default_start(place, std::nullopt).value(), head);
  repo_.commit("b.txt", "b\n", "ahead", tree_);
  EXPECT_EQ(questions_.default_start(place, "topic").value(), repo_.git({"rev-parse", "topic"}));
  EXPECT_TRUE(questions_.has_branch(place, "topic").value());
  EXPECT_FALSE(questions_.has_branch(place, "top").value());
}

TEST_F(WorktreeChangesTest, AWorktreeWithoutAnIndexIsHalfMade) {
  const auto git_dir = repo_.path() / ".git" / "worktrees" / "tree";
  EXPECT_FALSE(is_half_made(git_dir.string()));
  testing::write_file(git_dir / "locked", "initializing\n");
  EXPECT_TRUE(is_half_made(git_dir.string()));
  testing::write_file(git_dir / "locked", "on a stick\n");
  EXPECT_FALSE(is_half_made(git_dir.string()));
  std::filesystem::remove(git_dir / "index");
  EXPECT_TRUE(is_half_made(git_dir.string()));
}

}  // namespace
}  // namespace sb::git_cli
