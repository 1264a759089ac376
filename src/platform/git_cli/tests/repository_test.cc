#include "sb/git_cli/repository.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sb/testing/git_sandbox.h"
#include "sb/testing/temp_dir.h"

namespace sb::git_cli {
namespace {

using testing::commit_all;
using testing::git;
using testing::init_repository;
using testing::Sandbox;
using testing::try_git;
using testing::write_file;

std::string init_with_commit(const std::string& path) {
  init_repository(path);
  write_file(path + "/a.txt", "one\n");
  commit_all(path, "first");
  return path;
}

const WorktreeRecord* find(const std::vector<WorktreeRecord>& records, const std::string& path) {
  const auto found =
      std::find_if(records.begin(), records.end(),
                   [&](const WorktreeRecord& record) { return record.path == path; });
  return found == records.end() ? nullptr : &*found;
}

TEST(Discover, FindsTheRepositoryFromAnyPlaceInIt) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", dir / "linked"});
  std::filesystem::create_directories(repo + "/sub/deep");
  std::filesystem::create_directory_symlink(repo + "/sub", dir / "link");
  for (const auto& place :
       {repo, repo + "/sub/deep", repo + "/a.txt", repo + "/.git", repo + "/.git/objects",
        dir / "linked", repo + "/.git/worktrees/linked", dir / "link"}) {
    const auto found = discover(place);
    ASSERT_TRUE(found) << place << ": " << found.error().message;
    EXPECT_EQ(found->main_path, repo) << place;
    EXPECT_EQ(found->common_dir, repo + "/.git") << place;
    EXPECT_FALSE(found->bare) << place;
  }
}

TEST(Discover, SaysWhyThereIsNoRepository) {
  const Sandbox dir;
  write_file(dir / "plain/file", "x");
  write_file(dir / "orphan/.git", "gitdir: /nonexistent/worktrees/x\n");
  write_file(dir / "broken/.git", "what is this\n");
  std::filesystem::create_directories(dir / "empty/.git");
  for (const auto& place : {dir / "plain", dir / "absent", dir / "orphan", dir / "broken",
                            dir / "empty", std::string()}) {
    const auto found = discover(place);
    ASSERT_FALSE(found) << place;
    EXPECT_EQ(found.error().code, ErrorCode::not_found) << place;
    EXPECT_NE(found.error().message.find(place), std::string::npos);
  }
}

TEST(Discover, KnowsBareRepositories) {
  const Sandbox dir;
  git(dir.path(), {"init", "-q", "--bare", "-b", "main", dir / "bare.git"});
  const auto found = discover(dir / "bare.git");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->bare);
  EXPECT_EQ(found->main_path, dir / "bare.git");
  const auto records = list_worktrees(*found);
  ASSERT_TRUE(records);
  EXPECT_TRUE(records->empty());
}

TEST(Discover, KnowsABareRepositoryHiddenBesideItsWorktrees) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "source");
  git(dir.path(), {"clone", "-q", "--bare", repo, dir / "project/.bare"});
  write_file(dir / "project/.git", "gitdir: ./.bare\n");
  git(dir / "project", {"worktree", "add", "-q", "main"});
  const auto found = discover(dir / "project/main");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->bare);
  EXPECT_EQ(found->common_dir, dir / "project/.bare");
  const auto records = list_worktrees(*found);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front().path, dir / "project/main");
  EXPECT_FALSE(records->front().is_main);
  EXPECT_EQ(records->front().head.branch, "main");
}

TEST(Discover, FindsTheMainWorktreeOfASeparateGitDirectoryAndOfASubmodule) {
  const Sandbox dir;
  const auto inner = init_with_commit(dir / "inner");
  git(dir.path(), {"clone", "-q", "--separate-git-dir", dir / "store", inner, dir / "work"});
  auto found = discover(dir / "work");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->main_path, dir / "work");
  EXPECT_EQ(found->common_dir, dir / "store");

  const auto outer = init_with_commit(dir / "outer");
  git(outer, {"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "sub"});
  found = discover(outer + "/sub");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->main_path, outer + "/sub");
  EXPECT_EQ(found->common_dir, outer + "/.git/modules/sub");
  EXPECT_FALSE(found->bare);
}

TEST(Head, FollowsBranchesPackedRefsAndDetachedCommits) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  const auto oid = git(repo, {"rev-parse", "HEAD"});
  const std::string git_dir = repo + "/.git";
  auto head = read_head(git_dir, git_dir);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->branch, "main");
  EXPECT_EQ(head->oid, oid);
  EXPECT_FALSE(head->needs_git);

  git(repo, {"checkout", "-q", "-b", "feat/deep/name"});
  git(repo, {"pack-refs", "--all"});
  head = read_head(git_dir, git_dir);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->branch, "feat/deep/name");
  EXPECT_EQ(head->oid, oid);

  git(repo, {"checkout", "-q", "--detach"});
  head = read_head(git_dir, git_dir);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->branch, std::nullopt);
  EXPECT_EQ(head->oid, oid);

  git(repo, {"checkout", "-q", "--orphan", "fresh"});
  head = read_head(git_dir, git_dir);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->branch, "fresh");
  EXPECT_EQ(head->oid, std::nullopt);
}

TEST(Head, NeverLeavesTheRepository) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  write_file(dir / "secret", git(repo, {"rev-parse", "HEAD"}) + "\n");
  const std::string git_dir = repo + "/.git";
  for (const char* text :
       {"ref: refs/../../../secret\n", "ref: ../secret\n", "nonsense", "", "ref: \n"}) {
    write_file(git_dir + "/HEAD", text);
    EXPECT_FALSE(read_head(git_dir, git_dir)) << text;
  }
  std::filesystem::remove(git_dir + "/HEAD");
  ASSERT_EQ(::mkfifo((git_dir + "/HEAD").c_str(), 0600), 0);
  EXPECT_FALSE(read_head(git_dir, git_dir));  // and does not hang
}

TEST(Head, AsksForGitWhereRefsAreNotFiles) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  const std::string git_dir = repo + "/.git";
  write_file(git_dir + "/HEAD", "ref: refs/heads/.invalid\n");
  const auto head = read_head(git_dir, git_dir);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->needs_git);
}

TEST(Worktrees, AreTheOnesGitLists) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", "-b", "feat/api", dir / "api"});
  git(repo, {"worktree", "add", "-q", "--detach", dir / "exp"});
  git(repo, {"worktree", "add", "-q", dir / "gone"});
  git(repo, {"worktree", "add", "-q", dir / "lock"});
  git(repo, {"worktree", "lock", "--reason", "agent\nrunning", dir / "lock"});
  git(repo, {"worktree", "add", "-q", "--lock", "--reason", "initializing", dir / "begun"});
  git(repo, {"worktree", "add", "-q", "-b", "odd", dir / "with\nnewline"});
  std::filesystem::remove_all(dir / "gone");

  const auto repository = discover(repo);
  ASSERT_TRUE(repository);
  const auto records = list_worktrees(*repository);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 7U);
  EXPECT_TRUE(records->front().is_main);
  EXPECT_EQ(records->front().path, repo);
  EXPECT_EQ(records->front().head.branch, "main");
  for (const auto& record : *records) {
    EXPECT_EQ(record.problem, std::nullopt) << record.path;
    EXPECT_NE(record.identity.inode, 0U);
    EXPECT_GT(record.created_at.time_since_epoch().count(), 0);
    EXPECT_EQ(record.missing, record.path == dir / "gone") << record.path;
    EXPECT_EQ(record.being_made, record.path == dir / "begun") << record.path;
  }
  ASSERT_NE(find(*records, dir / "api"), nullptr);
  EXPECT_EQ(find(*records, dir / "api")->head.branch, "feat/api");
  EXPECT_EQ(find(*records, dir / "api")->git_dir, repo + "/.git/worktrees/api");
  ASSERT_NE(find(*records, dir / "exp"), nullptr);
  EXPECT_EQ(find(*records, dir / "exp")->head.branch, std::nullopt);
  EXPECT_NE(find(*records, dir / "exp")->head.oid, std::nullopt);
  ASSERT_NE(find(*records, dir / "with\nnewline"), nullptr);
  EXPECT_EQ(find(*records, dir / "with\nnewline")->head.branch, "odd");
}

/// The records of `git worktree list --porcelain -z`, without commits and locks, which we do not
/// read from there.
std::set<std::string> listed(std::string text, const std::string& from, const std::string& to) {
  std::set<std::string> records;
  std::string record;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty()) {
      records.insert(std::exchange(record, {}));
    } else if (!line.starts_with("HEAD ") && !line.starts_with("locked")) {
      if (const auto path = line.find(from); path != std::string::npos) {
        line.replace(path, from.size(), to);
      }
      record += line + "\n";
    }
  }
  if (!record.empty()) records.insert(record);
  return records;
}

TEST(Worktrees, AreWhatTheDocumentedListSays) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", "-b", "feat/api", dir / "app-wt/api"});
  git(repo, {"worktree", "add", "-q", "--detach", dir / "app-wt/exp"});
  git(repo, {"worktree", "add", "-q", "-b", "feat/gone", dir / "app-wt/gone"});
  git(repo, {"worktree", "add", "-q", "-b", "feat/lock", dir / "app-wt/lock"});
  git(repo, {"worktree", "lock", "--reason", "agent\nrunning", dir / "app-wt/lock"});
  std::filesystem::remove_all(dir / "app-wt/gone");
  const auto records = list_worktrees(*discover(repo));
  ASSERT_TRUE(records) << records.error().message;
  std::set<std::string> ours;
  for (const auto& record : *records) {
    ours.insert(
        "worktree " + record.path + "\n" +
        (record.head.branch ? "branch refs/heads/" + *record.head.branch : "detached") +
        (record.missing ? "\nprunable gitdir file points to non-existent location\n" : "\n"));
  }
  const std::string documented =
      testing::read_file(SB_SOURCE_DIR "/src/platform/git_cli/tests/fixtures/git-worktree-list.z");
  EXPECT_EQ(ours, listed(documented, "/home/dev/app", repo));
  EXPECT_EQ(ours, listed(git(repo, {"worktree", "list", "--porcelain", "-z"}), repo, repo));
}

TEST(Worktrees, KeepTheirIdentityWhenMovedAndLoseItWhenMadeAgain) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", dir / "one"});
  const auto repository = discover(repo);
  ASSERT_TRUE(repository);
  const auto before = list_worktrees(*repository);
  git(repo, {"worktree", "move", dir / "one", dir / "two"});
  const auto moved = list_worktrees(*repository);
  ASSERT_TRUE(before && moved);
  ASSERT_EQ(moved->size(), 2U);
  EXPECT_EQ((*moved)[1].path, dir / "two");
  EXPECT_EQ((*moved)[1].identity, (*before)[1].identity);

  git(repo, {"worktree", "remove", dir / "two"});
  git(repo, {"worktree", "add", "-q", dir / "one", "one"});
  const auto again = list_worktrees(*repository);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ((*again)[1].path, dir / "one");
  EXPECT_NE((*again)[1].identity, (*before)[1].identity);
}

TEST(Worktrees, MayBeNamedRelatively) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", dir / "one"});
  write_file(repo + "/.git/worktrees/one/gitdir", "../../../../one/.git\n");
  write_file(dir / "one/.git", "gitdir: ../app/.git/worktrees/one\n");
  const auto found = discover(dir / "one");
  ASSERT_TRUE(found) << found.error().message;
  const auto records = list_worktrees(*found);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[1].path, dir / "one");
  EXPECT_FALSE((*records)[1].missing);
  EXPECT_EQ((*records)[1].problem, std::nullopt);
}

TEST(Worktrees, ThatAreDamagedSayWhatIsWrong) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  git(repo, {"worktree", "add", "-q", dir / "one"});
  git(repo, {"worktree", "add", "-q", dir / "two"});
  write_file(repo + "/.git/worktrees/one/HEAD", "garbage\n");
  write_file(dir / "two/.git", "gitdir: /nonexistent\n");
  const auto records = list_worktrees(*discover(repo));
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 3U);
  EXPECT_NE((*records)[1].problem, std::nullopt);
  EXPECT_NE((*records)[2].problem, std::nullopt);
  EXPECT_FALSE((*records)[2].missing);
}

TEST(Operation, IsReadFromTheFilesOfTheWorktree) {
  const Sandbox dir;
  const auto repo = init_with_commit(dir / "app");
  const std::string git_dir = repo + "/.git";
  git(repo, {"checkout", "-q", "-b", "side"});
  write_file(repo + "/a.txt", "side\n");
  commit_all(repo, "side");
  git(repo, {"checkout", "-q", "main"});
  write_file(repo + "/a.txt", "main\n");
  commit_all(repo, "main");
  EXPECT_EQ(operation_in_progress(git_dir), std::nullopt);

  EXPECT_NE(try_git(repo, {"merge", "side"}), 0);
  EXPECT_EQ(operation_in_progress(git_dir), "merge");
  git(repo, {"merge", "--abort"});
  EXPECT_NE(try_git(repo, {"cherry-pick", "side"}), 0);
  EXPECT_EQ(operation_in_progress(git_dir), "cherry-pick");
  git(repo, {"cherry-pick", "--abort"});
  EXPECT_NE(try_git(repo, {"rebase", "side"}), 0);
  EXPECT_EQ(operation_in_progress(git_dir), "rebase");
  git(repo, {"rebase", "--abort"});
  EXPECT_NE(try_git(repo, {"revert", "HEAD~1"}), 0);
  EXPECT_EQ(operation_in_progress(git_dir), "revert");
  git(repo, {"revert", "--abort"});
  git(repo, {"bisect", "start"});
  EXPECT_EQ(operation_in_progress(git_dir), "bisect");
}

}  // namespace
}  // namespace sb::git_cli
