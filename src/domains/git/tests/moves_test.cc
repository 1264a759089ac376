#include <map>
#include <string>

#include <gtest/gtest.h>

#include "service_harness.h"

// Commits and pushes are told, so that somebody may look at the pull request; and what an operation
// in progress and the distance to the upstream look like in real repositories.

namespace sb::git {
namespace {

using testing::commit_all;
using testing::git;
using testing::try_git;
using testing::write_file;

class MovesTest : public ServiceTest {
 protected:
  /// "one" and "two" with a remote "origin", at rest.
  void begin(std::size_t directories_max = 100'000) {
    origin = testing::init_repository(dir / "origin.git");
    git(repo, {"remote", "add", "origin", origin});
    one = add_worktree("one");
    two = add_worktree("two");
    start(directories_max);
    track(one);
    track(two);
    settle();
    ASSERT_EQ(moves, (std::map<std::string, int>{})) << "a first read is no move";
  }
  /// How many times a move of `name` was told since the last call; nothing of any other.
  int moved(const std::string& name) {
    settle();
    auto told = std::exchange(moves, {});
    const int count = std::exchange(told[name], 0);
    for (const auto& [other, times] : told) EXPECT_EQ(times, 0) << other;
    return count;
  }

  std::string origin, one, two;
};

TEST_F(MovesTest, ACommitAPushAndAFetchAreToldOfTheirWorktreeOnly) {
  begin();
  write_file(one + "/a.txt", "edited\n");
  EXPECT_EQ(moved("one"), 0) << "an edit is no move";
  git(one, {"add", "-A"});
  EXPECT_EQ(moved("one"), 0);
  git(one, {"commit", "-q", "-m", "work"});
  EXPECT_EQ(moved("one"), 1);
  git(one, {"push", "-q", "origin", "HEAD"});
  EXPECT_EQ(moved("one"), 1) << "without an upstream";
  git(one, {"push", "-q", "-u", "origin", "HEAD"});
  EXPECT_EQ(moved("one"), 0) << "nothing moved: an upstream was named";
  commit_all(one, "more");
  EXPECT_EQ(moved("one"), 1);
  git(one, {"push", "-q"});
  EXPECT_EQ(moved("one"), 1);
  // Somebody else pushes to the branch, or deletes it.
  git(dir.path(), {"clone", "-q", "-b", "one", origin, "elsewhere"});
  commit_all(dir / "elsewhere", "from elsewhere");
  git(dir / "elsewhere", {"push", "-q"});
  git(repo, {"fetch", "-q", "origin"});
  EXPECT_EQ(moved("one"), 1);
  git(dir / "elsewhere", {"push", "-q", "origin", ":one"});
  git(repo, {"fetch", "-q", "--prune", "origin"});
  EXPECT_EQ(moved("one"), 1);
}

TEST_F(MovesTest, AnotherBranchOfTheSameCommitIsAMove) {
  begin();
  git(one, {"switch", "-q", "-c", "topic"});
  EXPECT_EQ(moved("one"), 1);
  git(one, {"commit", "-q", "--amend", "-m", "anew"});
  EXPECT_EQ(moved("one"), 1);
}

TEST_F(MovesTest, AMoveNoEventToldIsFoundByThePass) {
  begin(0);  // no watches: no event ever comes
  commit_all(one, "work");
  EXPECT_EQ(moved("one"), 0);
  std::size_t found = 99;
  service->check(project, [&](std::size_t count) { found = count; });
  ASSERT_TRUE(eventually([&] { return found != 99; }));
  EXPECT_EQ(found, 1U);
  ASSERT_TRUE(eventually([&] { return moves["one"] == 1; }));
}

TEST_F(MovesTest, AheadAndBehindFollowThePushAndTheFetch) {
  begin();
  using Distance = std::optional<std::int64_t>;
  EXPECT_EQ(facts["one"].ahead, Distance()) << "no upstream";
  git(one, {"push", "-q", "-u", "origin", "HEAD"});
  ASSERT_TRUE(eventually([&] { return facts["one"].ahead == Distance(0); }));
  EXPECT_EQ(facts["one"].behind, Distance(0));
  commit_all(one, "first");
  commit_all(one, "second");
  ASSERT_TRUE(eventually([&] { return facts["one"].ahead == Distance(2); }));
  git(dir.path(), {"clone", "-q", "-b", "one", origin, "elsewhere"});
  commit_all(dir / "elsewhere", "from elsewhere");
  git(dir / "elsewhere", {"push", "-q"});
  git(repo, {"fetch", "-q", "origin"});
  ASSERT_TRUE(eventually([&] { return facts["one"].behind == Distance(1); }));
  EXPECT_EQ(facts["one"].ahead, Distance(2));
  git(one, {"pull", "-q", "--rebase"});
  git(one, {"push", "-q"});
  ASSERT_TRUE(eventually(
      [&] { return facts["one"].behind == Distance(0) && facts["one"].ahead == Distance(0); }));
  git(repo, {"update-ref", "-d", "refs/remotes/origin/one"});
  ASSERT_TRUE(eventually([&] { return facts["one"].ahead == Distance(); }))
      << "the upstream is gone";
  EXPECT_EQ(facts["two"].ahead, Distance());
}

TEST_F(MovesTest, EveryOperationIsNamedWhileItLasts) {
  begin();
  write_file(one + "/a.txt", "one\n");
  commit_all(one, "one");
  write_file(two + "/a.txt", "two\n");
  commit_all(two, "two");
  const auto lasts = [&](const std::string& name, const std::vector<std::string>& begins,
                         const std::vector<std::string>& ends) {
    static_cast<void>(try_git(one, begins));  // stops at the conflict
    EXPECT_TRUE(eventually([&] { return facts["one"].operation == name; })) << name;
    git(one, ends);
    EXPECT_TRUE(eventually([&] { return !facts["one"].operation; })) << name;
  };
  lasts("merge", {"merge", "-q", "two"}, {"merge", "--abort"});
  lasts("rebase", {"rebase", "-q", "two"}, {"rebase", "--abort"});
  lasts("rebase", {"rebase", "-q", "--apply", "two"}, {"rebase", "--abort"});
  lasts("cherry-pick", {"cherry-pick", "two"}, {"cherry-pick", "--abort"});
  write_file(one + "/a.txt", "again\n");
  commit_all(one, "again");
  lasts("revert", {"revert", "--no-edit", "HEAD~1"}, {"revert", "--abort"});
  lasts("bisect", {"bisect", "start"}, {"bisect", "reset"});
  EXPECT_EQ(facts["two"].operation, std::nullopt);
}

}  // namespace
}  // namespace sb::git
