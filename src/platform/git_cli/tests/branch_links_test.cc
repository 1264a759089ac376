#include "sb/git_cli/branch_links.h"

#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

namespace sb::git_cli {
namespace {

using sb::testing::GitRepo;
using sb::testing::TempDir;

class BranchLinksTest : public ::testing::Test {
 protected:
  BranchLinks read(const std::string& git_dir = "") {
    const std::string common = (repo / ".git").string();
    auto links = read_branch_links(git_dir.empty() ? common : git_dir, common);
    EXPECT_TRUE(links) << (links ? "" : links.error().message);
    return links ? *links : BranchLinks{};
  }
  TempDir dir;
  GitRepo repo{dir / "repo"};
};

TEST_F(BranchLinksTest, APushedBranchKnowsItsRemoteAndWhatWasPushed) {
  const GitRepo server(dir / "server", GitRepo::Kind::bare);
  repo.git({"remote", "add", "origin", server.str()});
  repo.git({"checkout", "-q", "-b", "feature/one"});
  repo.git({"push", "-q", "-u", "origin", "feature/one:renamed"});
  const auto links = read();
  EXPECT_EQ(links.branch, "feature/one");
  EXPECT_EQ(links.head_oid, repo.git({"rev-parse", "HEAD"}));
  ASSERT_EQ(links.remotes.size(), 1U);
  EXPECT_EQ(links.remotes[0].remote, "origin");
  EXPECT_EQ(links.remotes[0].url, server.str());
  EXPECT_EQ(links.remotes[0].branch, "renamed");
  EXPECT_EQ(links.remotes[0].oid, links.head_oid);
  EXPECT_TRUE(links.remotes[0].upstream);
  EXPECT_TRUE(links.remotes[0].push_target);
}

TEST_F(BranchLinksTest, AForkIsThePushTargetWhereTheConfigurationSaysSo) {
  repo.git({"remote", "add", "upstream", "git@github.com:acme/app.git"});
  repo.git({"remote", "add", "me", "https://github.com/me/app"});
  repo.git({"config", "remote.pushDefault", "me"});
  const auto links = read();
  ASSERT_EQ(links.remotes.size(), 2U);
  EXPECT_FALSE(links.remotes[0].push_target);
  EXPECT_TRUE(links.remotes[1].push_target);
  EXPECT_EQ(links.remotes[1].branch, "main");
  EXPECT_EQ(links.remotes[1].oid, std::nullopt);
}

TEST_F(BranchLinksTest, ShortUrlsAreWrittenOutAsGitDoes) {
  repo.git({"remote", "add", "origin", "gh:acme/app"});
  repo.git({"config", "url.https://github.com/.insteadOf", "gh:"});
  repo.git({"config", "url.https://elsewhere.example/.insteadOf", "g"});
  EXPECT_EQ(read().remotes.at(0).url, "https://github.com/acme/app");
}

TEST_F(BranchLinksTest, ARebaseDoesNotHideTheBranch) {
  repo.git({"checkout", "-q", "-b", "topic"});
  repo.commit("README.md", "topic\n", "topic");
  repo.git({"checkout", "-q", "main"});
  repo.commit("README.md", "main\n", "main");
  repo.git({"checkout", "-q", "topic"});
  EXPECT_THROW(repo.git({"rebase", "-q", "main"}), std::runtime_error);
  const auto links = read();
  EXPECT_EQ(links.branch, "topic");
  repo.git({"rebase", "--abort"});
  repo.git({"checkout", "-q", "--detach"});
  EXPECT_EQ(read().branch, std::nullopt);
}

TEST_F(BranchLinksTest, ALinkedWorktreeHasItsOwnBranchAndTheSharedRemotes) {
  repo.git({"remote", "add", "origin", "https://github.com/acme/app"});
  repo.add_worktree("../wt", "other");
  const auto links = read((repo / ".git/worktrees/wt").string());
  EXPECT_EQ(links.branch, "other");
  ASSERT_EQ(links.remotes.size(), 1U);
  EXPECT_EQ(links.remotes[0].branch, "other");
}

}  // namespace
}  // namespace sb::git_cli
