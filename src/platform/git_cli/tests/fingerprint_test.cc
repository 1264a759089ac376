#include <filesystem>

#include <gtest/gtest.h>

#include "sb/git_cli/worktree_reader.h"
#include "sb/testing/git_sandbox.h"

namespace sb::git_cli {
namespace {

using testing::commit_all;
using testing::git;
using testing::init_repository;
using testing::Sandbox;
using testing::write_file;

class FingerprintTest : public ::testing::Test {
 protected:
  FingerprintTest() {
    write_file(repo + "/a.txt", "1\n");
    commit_all(repo, "first");
    git(repo, {"worktree", "add", "-q", "-b", "feat", dir / "feat"});
    git(repo, {"worktree", "add", "-q", "-b", "other", dir / "other"});
  }

  [[nodiscard]] Fingerprint take() const { return take_fingerprint(feat, upstream); }

  Sandbox dir;
  std::string repo = init_repository(dir / "app");
  WorktreePlace feat{dir / "feat", repo + "/.git/worktrees/feat", repo + "/.git", std::nullopt};
  std::optional<std::string> upstream;
};

TEST_F(FingerprintTest, StaysTheSameWhileNothingOfTheWorktreeMoves) {
  const auto before = take();
  EXPECT_EQ(take(), before);
  commit_all(dir / "other", "elsewhere");
  write_file(dir / "other/b.txt", "1\n");
  git(dir / "other", {"add", "b.txt"});
  git(repo, {"config", "branch.other.description", "none of our business"});
  git(repo, {"remote", "add", "somewhere", "/nonexistent"});
  git(repo, {"branch", "-q", "unrelated"});
  EXPECT_EQ(take(), before);
}

TEST_F(FingerprintTest, ChangesWithHeadIndexBaseUpstreamOperationConfigAndPlace) {
  auto last = take();
  const auto moved = [&](const char* what) {
    const auto now = take();
    EXPECT_FALSE(now == last) << what;
    last = now;
  };
  write_file(feat.path + "/b.txt", "1\n");
  git(feat.path, {"add", "b.txt"});
  moved("index");
  git(feat.path, {"commit", "-q", "-m", "work"});
  moved("commit");
  commit_all(repo, "main");
  moved("base");
  git(repo, {"pack-refs", "--all"});
  EXPECT_EQ(take(), last) << "packing moves no ref";
  git(feat.path, {"checkout", "-q", "--detach"});
  moved("detached");
  git(feat.path, {"bisect", "start"});
  moved("operation");
  git(repo, {"config", "core.autocrlf", "input"});
  moved("config");
  upstream = "other";
  last = take();
  commit_all(dir / "other", "elsewhere");
  moved("upstream");
  std::filesystem::remove(feat.path + "/.git");
  moved(".git");
  std::filesystem::remove_all(feat.path);
  moved("place");
}

TEST_F(FingerprintTest, KnowsWhatEveryRemoteHasOfTheBranch) {
  git(repo, {"remote", "add", "origin", "/nonexistent"});
  git(repo, {"remote", "add", "my.fork", "/nonexistent"});
  EXPECT_TRUE(take().refs.published.empty());
  const auto oid = *take().refs.head;
  git(repo, {"update-ref", "refs/remotes/origin/feat", oid});
  git(repo, {"update-ref", "refs/remotes/my.fork/feat", oid});
  git(repo, {"update-ref", "refs/remotes/origin/other", oid});
  using Published = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(take().refs.published, (Published{{"my.fork", oid}, {"origin", oid}}));
  git(repo, {"pack-refs", "--all"});
  EXPECT_EQ(take().refs.published, (Published{{"my.fork", oid}, {"origin", oid}}));
  git(repo, {"update-ref", "-d", "refs/remotes/origin/feat"});
  EXPECT_EQ(take().refs.published, (Published{{"my.fork", oid}}));
  git(feat.path, {"checkout", "-q", "--detach"});
  EXPECT_TRUE(take().refs.published.empty());
}

TEST_F(FingerprintTest, FindsTheBase) {
  EXPECT_EQ(take().refs.base, "refs/heads/main");
  git(repo, {"update-ref", "refs/remotes/origin/main", "HEAD"});
  EXPECT_EQ(take().refs.base, "refs/remotes/origin/main");
  git(repo, {"update-ref", "refs/remotes/origin/trunk", "HEAD"});
  git(repo, {"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"});
  git(repo, {"pack-refs", "--all"});
  EXPECT_EQ(take().refs.base, "refs/remotes/origin/trunk");
  feat.default_branch = "other";
  EXPECT_EQ(take().refs.base, "refs/heads/other");
  feat.default_branch = "absent";
  EXPECT_EQ(take().refs.base, "refs/remotes/origin/trunk");
}

TEST_F(FingerprintTest, KnowsTheLastActivityOfGit) {
  const auto activity = last_git_activity(feat.git_dir);
  ASSERT_TRUE(activity);
  const auto age = SystemClock().wall_now() - *activity;
  EXPECT_LT(age, std::chrono::hours(1));
  EXPECT_EQ(last_git_activity("/nonexistent"), std::nullopt);
  EXPECT_FALSE(index_is_locked(feat.git_dir));
  write_file(feat.git_dir + "/index.lock", "");
  EXPECT_TRUE(index_is_locked(feat.git_dir));
}

}  // namespace
}  // namespace sb::git_cli
