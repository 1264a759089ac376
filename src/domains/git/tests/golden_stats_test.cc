// What git says of golden repositories, through the real runner: the meaning of the numbers.

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sb/core/unique_fd.h"
#include "sb/git_cli/repository.h"
#include "sb/git_cli/worktree_reader.h"
#include "sb/process/posix_runner.h"
#include "sb/testing/git_sandbox.h"

namespace sb::git {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using git_cli::Reading;
using git_cli::ReadOptions;
using git_cli::Stats;
using git_cli::WorktreePlace;
using git_cli::WorktreeReader;
using testing::commit_all;
using testing::git;
using testing::init_repository;
using testing::Sandbox;
using testing::try_git;
using testing::write_file;

class GoldenStats : public ::testing::Test {
 protected:
  GoldenStats() {
    ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
  }

  static WorktreePlace place(const std::string& path,
                             std::optional<std::string> default_branch = {}) {
    const auto repository = git_cli::discover(path);
    EXPECT_TRUE(repository) << repository.error().message;
    const auto records = git_cli::list_worktrees(*repository);
    for (const auto& record : records.value()) {
      if (record.path == path) {
        return {path, record.git_dir, repository->common_dir, std::move(default_branch)};
      }
    }
    ADD_FAILURE() << path << " is not listed";
    return {};
  }

  Reading read(const WorktreePlace& where, const ReadOptions& options = {},
               std::chrono::milliseconds timeout = 20s) {
    const auto fingerprint = git_cli::take_fingerprint(where, std::nullopt);
    return WorktreeReader(runner, timeout).read(where, fingerprint.refs, options);
  }
  Stats stats(const WorktreePlace& where) {
    const auto reading = read(where);
    EXPECT_FALSE(reading.problem) << reading.problem->code << ": " << reading.problem->message;
    return reading.stats.value_or(Stats{-1, -1, -1, false, -1, -1});
  }

  /// A repository with one commit on main, and a worktree on branch feat.
  std::string with_worktree() {
    repo = init_repository(dir / "app");
    write_file(repo + "/a.txt", "1\n2\n3\n");
    write_file(repo + "/b.txt", "1\n2\n3\n4\n5\n6\n7\n8\n");
    commit_all(repo, "first");
    git(repo, {"worktree", "add", "-q", "-b", "feat", dir / "feat"});
    return dir / "feat";
  }

  Sandbox dir;
  std::string repo;
  process::PosixRunner runner;
};

TEST_F(GoldenStats, CleanWorktreeIsZeroAndCostsOneProcess) {
  const auto where = place(with_worktree());
  EXPECT_EQ(stats(where), (Stats{0, 0, 0, false, 0, 0}));
  EXPECT_EQ(runner.spawned(), 1U);
}

TEST_F(GoldenStats, S_102_UntrackedFilesAreCountedApart) {
  const auto feat = with_worktree();
  write_file(feat + "/new.txt", "1\n2\n");
  write_file(feat + "/sub/deep/new.bin", "\0\n"s);
  EXPECT_EQ(stats(place(feat)), (Stats{0, 0, 0, true, 2, 2}));
}

TEST_F(GoldenStats, CommittedStagedAndEditedAddUpAgainstTheMergeBase) {
  const auto feat = with_worktree();
  write_file(feat + "/committed.txt", "1\n");
  commit_all(feat, "work");
  write_file(feat + "/staged.txt", "1\n2\n");
  git(feat, {"add", "staged.txt"});
  write_file(feat + "/a.txt", "1\n2\n");
  write_file(repo + "/elsewhere.txt", "main moves on\n");
  commit_all(repo, "main");
  EXPECT_EQ(stats(place(feat)), (Stats{3, 3, 1, true, 0, 0}));
}

TEST_F(GoldenStats, S_102_StagedChangesCountWithoutABase) {
  repo = init_repository(dir / "app");
  git(repo, {"checkout", "-q", "-b", "trunk"});
  write_file(repo + "/a.txt", "1\n");
  commit_all(repo, "first");
  write_file(repo + "/a.txt", "1\n2\n");
  git(repo, {"add", "a.txt"});
  EXPECT_EQ(stats(place(repo)), (Stats{1, 1, 0, true, 0, 0}));
}

TEST_F(GoldenStats, S_102_BinaryFilesAreFilesWithoutLines) {
  const auto feat = with_worktree();
  write_file(feat + "/img.bin", "a\0b\n"s);
  commit_all(feat, "binary");
  EXPECT_EQ(stats(place(feat)), (Stats{1, 0, 0, false, 0, 0}));
}

TEST_F(GoldenStats, S_102_RenameIsOneLine) {
  const auto feat = with_worktree();
  git(feat, {"mv", "b.txt", "renamed.txt"});
  write_file(feat + "/renamed.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  EXPECT_EQ(stats(place(feat)), (Stats{1, 1, 0, true, 0, 0}));
}

TEST_F(GoldenStats, S_102_AnyFileNameWillDo) {
  const auto feat = with_worktree();
  const std::vector<std::string> names{"new\nline",   "\"quoted\"", "tab\there", "bad\xff utf8",
                                       ":(glob)**/x", " -rf ",      "ünïcode"};
  for (const auto& name : names) write_file(feat + "/" + name, "1\n");
  auto result = stats(place(feat));
  EXPECT_EQ(result, (Stats{0, 0, 0, true, 7, 7}));
  commit_all(feat, "odd");
  EXPECT_EQ(stats(place(feat)), (Stats{7, 7, 0, false, 0, 0}));
}

TEST_F(GoldenStats, S_102_DetachedHeadIsMeasuredLikeABranch) {
  const auto feat = with_worktree();
  git(feat, {"checkout", "-q", "--detach"});
  write_file(feat + "/new.txt", "1\n");
  commit_all(feat, "on no branch");
  EXPECT_EQ(stats(place(feat)), (Stats{1, 1, 0, false, 0, 0}));
}

TEST_F(GoldenStats, S_102_EmptyRepositoryHasNothingOrWhatIsStaged) {
  for (const char* format : {"sha1", "sha256"}) {
    const auto path = dir / format;
    std::filesystem::create_directories(path);
    git(path, {"init", "-q", "-b", "main", "--object-format=" + std::string(format)});
    EXPECT_EQ(stats(place(path)), (Stats{0, 0, 0, false, 0, 0}));
    write_file(path + "/a.txt", "1\n2\n");
    EXPECT_EQ(stats(place(path)), (Stats{0, 0, 0, true, 1, 2}));
    git(path, {"add", "a.txt"});
    EXPECT_EQ(stats(place(path)), (Stats{1, 2, 0, true, 0, 0})) << format;
  }
}

TEST_F(GoldenStats, S_102_DefaultBranchMayBeOnOriginOnlyLocalOnlyOrMissing) {
  const auto feat = with_worktree();
  write_file(feat + "/mine.txt", "1\n");
  commit_all(feat, "mine");

  git(dir.path(), {"clone", "-q", repo, dir / "clone"});
  const auto clone = dir / "clone";
  git(clone, {"checkout", "-q", "feat"});
  git(clone, {"branch", "-q", "-D", "main"});
  EXPECT_EQ(stats(place(clone)), (Stats{1, 1, 0, false, 0, 0})) << "origin/HEAD";
  git(clone, {"remote", "set-head", "origin", "--delete"});
  EXPECT_EQ(stats(place(clone)), (Stats{1, 1, 0, false, 0, 0})) << "origin/main";

  EXPECT_EQ(stats(place(feat)), (Stats{1, 1, 0, false, 0, 0})) << "local main";
  EXPECT_EQ(stats(place(feat, "feat")), (Stats{0, 0, 0, false, 0, 0})) << "configured";
  EXPECT_EQ(stats(place(feat, "no-such-branch")), (Stats{1, 1, 0, false, 0, 0}));

  git(repo, {"branch", "-q", "-m", "main", "trunk"});
  EXPECT_EQ(stats(place(feat)), (Stats{0, 0, 0, false, 0, 0})) << "missing: against HEAD";
  EXPECT_EQ(stats(place(feat, "trunk")), (Stats{1, 1, 0, false, 0, 0}));
}

TEST_F(GoldenStats, RemoteBranchGoesBeforeAStaleLocalOne) {
  const auto feat = with_worktree();
  git(dir.path(), {"clone", "-q", repo, dir / "clone"});
  write_file(repo + "/more.txt", "1\n");
  commit_all(repo, "main moves on");
  const auto clone = dir / "clone";
  git(clone, {"fetch", "-q"});
  git(clone, {"checkout", "-q", "-b", "work", "origin/main"});
  EXPECT_EQ(stats(place(clone)), (Stats{0, 0, 0, false, 0, 0}));
}

TEST_F(GoldenStats, AheadAndBehindAreOfTheUpstream) {
  const auto feat = with_worktree();
  git(dir.path(), {"clone", "-q", repo, dir / "clone"});
  const auto clone = dir / "clone";
  commit_all(clone, "mine");
  commit_all(repo, "theirs");
  commit_all(repo, "theirs again");
  git(clone, {"fetch", "-q"});
  auto reading = read(place(clone));
  EXPECT_EQ(reading.ahead, 1);
  EXPECT_EQ(reading.behind, 2);
  EXPECT_EQ(reading.upstream, "origin/main");
  git(clone, {"config", "status.aheadBehind", "false"});
  reading = read(place(clone));
  EXPECT_EQ(reading.behind, 2);
  reading = read(place(feat));
  EXPECT_EQ(reading.ahead, std::nullopt);
}

TEST_F(GoldenStats, SeveralMergeBasesAndNoneAreNoFailure) {
  const auto feat = with_worktree();
  commit_all(repo, "main one");
  write_file(feat + "/mine.txt", "1\n");
  commit_all(feat, "feat one");
  const auto main_one = git(repo, {"rev-parse", "main"});
  git(repo, {"merge", "-q", "--no-edit", "feat"});
  git(feat, {"merge", "-q", "--no-edit", main_one});
  write_file(feat + "/more.txt", "1\n2\n");
  commit_all(feat, "feat two");
  const auto crossed = stats(place(feat));
  EXPECT_GE(crossed.total, 1);
  EXPECT_GE(crossed.additions, 2);

  git(feat, {"checkout", "-q", "--orphan", "unrelated"});
  commit_all(feat, "unrelated");
  write_file(feat + "/a.txt", "changed\n");
  EXPECT_EQ(stats(place(feat)), (Stats{1, 1, 3, true, 0, 0}));
}

TEST_F(GoldenStats, ConflictCountsOnceAndNamesTheOperation) {
  const auto feat = with_worktree();
  write_file(feat + "/a.txt", "feat\n");
  commit_all(feat, "feat");
  write_file(repo + "/a.txt", "main\n");
  commit_all(repo, "main");
  EXPECT_NE(try_git(feat, {"merge", "-q", "main"}), 0);
  const auto reading = read(place(feat));
  ASSERT_TRUE(reading.stats);
  EXPECT_EQ(reading.stats->total, 1);
  EXPECT_TRUE(reading.stats->has_uncommitted);
  EXPECT_EQ(reading.operation, "merge");
}

TEST_F(GoldenStats, S_102_TasteOfTheUserChangesNothing) {
  const auto feat = with_worktree();
  git(feat, {"mv", "b.txt", "renamed.txt"});
  write_file(feat + "/sub/new.txt", "1\n");
  write_file(feat + "/a.txt", "1\n2\n");
  const auto expected = stats(place(feat));
  ASSERT_EQ(expected, (Stats{2, 0, 1, true, 1, 1}));
  const auto marker = dir / "ran";
  write_file(dir / "tool", "#!/bin/sh\ntouch " + marker + "\nexit 1\n");
  std::filesystem::permissions(dir / "tool", std::filesystem::perms::owner_all);
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"diff.external", dir / "tool"},
                                                        {"diff.user.command", dir / "tool"},
                                                        {"diff.user.textconv", dir / "tool"},
                                                        {"core.attributesFile", dir / "attributes"},
                                                        {"core.fsmonitor", dir / "tool"},
                                                        {"core.pager", dir / "tool"},
                                                        {"diff.renames", "false"},
                                                        {"status.renames", "false"},
                                                        {"diff.renameLimit", "1"},
                                                        {"diff.noprefix", "true"},
                                                        {"diff.relative", "true"},
                                                        {"diff.algorithm", "patience"},
                                                        {"diff.orderFile", dir / "nowhere"},
                                                        {"color.ui", "always"},
                                                        {"color.status", "always"},
                                                        {"color.diff", "always"},
                                                        {"column.ui", "always"},
                                                        {"core.quotePath", "true"},
                                                        {"status.short", "true"},
                                                        {"status.branch", "false"},
                                                        {"status.showUntrackedFiles", "no"},
                                                        {"status.showStash", "true"},
                                                        {"status.relativePaths", "true"}}) {
    git(repo, {"config", key, value});
  }
  write_file(dir / "attributes", "*.txt diff=user\n");
  EXPECT_EQ(stats(place(feat)), expected);
  EXPECT_FALSE(std::filesystem::exists(marker)) << "a program of the configuration ran";
}

TEST_F(GoldenStats, EnvironmentOfTheCallerChangesNothing) {
  const auto feat = with_worktree();
  write_file(feat + "/new.txt", "1\n");
  const auto where = place(feat);
  for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                           "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_PARAMETERS"}) {
    ::setenv(name, "/nonexistent", 1);
    EXPECT_EQ(stats(where), (Stats{0, 0, 0, true, 1, 1})) << name;
    ::unsetenv(name);
  }
}

TEST_F(GoldenStats, ExcludesFileOfTheUserStaysInForce) {
  const auto feat = with_worktree();
  write_file(feat + "/notes.private", "1\n");
  write_file(dir / "excludes", "*.private\n");
  git(repo, {"config", "core.excludesFile", dir / "excludes"});
  EXPECT_EQ(stats(place(feat)), (Stats{0, 0, 0, false, 0, 0}));
}

TEST_F(GoldenStats, IgnoredPathsAreListedAsFarAsARuleNamesThem) {
  const auto feat = with_worktree();
  write_file(feat + "/.gitignore", "node_modules/\n*.log\nbuild\n");
  write_file(feat + "/node_modules/a/b", "x");
  write_file(feat + "/only-logs/x.log", "x");
  write_file(feat + "/src/build/o", "x");
  std::filesystem::create_directories(feat + "/empty/build");
  const auto reading =
      read(place(feat),
           {.list_ignored = true,
            .ask_ignored = {"empty/build", "only-logs", "src", "new\n.log", ":odd", "a.txt"}});
  ASSERT_TRUE(reading.ignored);
  EXPECT_EQ(
      std::set<std::string>(reading.ignored->begin(), reading.ignored->end()),
      (std::set<std::string>{"node_modules/", "only-logs/x.log", "src/build/", "empty/build/"}));
  EXPECT_EQ(reading.ignored_of_asked, (std::vector<std::string>{"empty/build", "new\n.log"}));
  EXPECT_EQ(reading.stats, (Stats{0, 0, 0, true, 1, 3}));
}

TEST_F(GoldenStats, NestedRepositoriesAreNoFiles) {
  with_worktree();
  commit_all(init_repository(repo + "/nested/clone"), "first");
  EXPECT_EQ(stats(place(repo)), (Stats{0, 0, 0, true, 0, 0}));
}

TEST_F(GoldenStats, NestedWorktreesAreNoChangeOfTheOuterOne) {
  with_worktree();
  git(repo, {"worktree", "add", "-q", repo + "/nested/one"});
  EXPECT_EQ(stats(place(repo)), (Stats{0, 0, 0, false, 0, 0}));
  write_file(repo + "/nested/one/new.txt", "1\n");
  EXPECT_EQ(stats(place(repo)), (Stats{0, 0, 0, false, 0, 0}));
  EXPECT_EQ(stats(place(repo + "/nested/one")), (Stats{0, 0, 0, true, 1, 1}));
  write_file(repo + "/nested/mine.txt", "1\n");
  EXPECT_EQ(stats(place(repo)), (Stats{0, 0, 0, true, 1, 1}));
}

TEST_F(GoldenStats, RefsThatAreNotFilesAreAskedFor) {
  const auto feat = with_worktree();
  write_file(feat + "/mine.txt", "1\n");
  commit_all(feat, "mine");
  const auto where = place(feat);
  const auto reading = WorktreeReader(runner, 20s).read(where, git_cli::RefState{}, ReadOptions{});
  EXPECT_EQ(reading.stats, (Stats{1, 1, 0, false, 0, 0}));
}

TEST_F(GoldenStats, ProblemsHaveNames) {
  const auto feat = with_worktree();
  const auto where = place(feat);

  ::setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1", 1);
  auto reading = read(where);
  ::unsetenv("GIT_TEST_ASSUME_DIFFERENT_OWNER");
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "dubious_ownership");
  EXPECT_NE(reading.problem->message.find("safe.directory"), std::string::npos);
  EXPECT_FALSE(reading.stats);

  git(repo, {"config", "extensions.martian", "true"});
  git(repo, {"config", "core.repositoryFormatVersion", "1"});
  reading = read(where);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "git_failed");
  EXPECT_NE(reading.problem->message.find("martian"), std::string::npos)
      << reading.problem->message;
  write_file(repo + "/.git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");

  std::filesystem::rename(feat + "/.git", feat + "/.gone");
  reading = read(where);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "not_a_repository");
  write_file(feat + "/.git", "gitdir: /nonexistent\n");
  reading = read(where);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "not_a_repository") << reading.problem->message;

  std::filesystem::remove_all(feat);
  reading = read(where);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "worktree_missing");
  write_file(feat, "a file in its place");
  EXPECT_EQ(read(where).problem->code, "worktree_missing");
}

TEST_F(GoldenStats, RepositoryAroundAWorktreeNeverAnswersForIt) {
  with_worktree();
  git(repo, {"worktree", "add", "-q", repo + "/nested"});
  const auto where = place(repo + "/nested");
  write_file(repo + "/a.txt", "changed\n");
  std::filesystem::remove(repo + "/nested/.git");
  std::filesystem::create_directory(repo + "/nested/.git");
  const auto reading = read(where);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "not_a_repository");
}

TEST_F(GoldenStats, HungGitIsATimeout) {
  const auto feat = with_worktree();
  const auto where = place(feat);
  write_file(dir / "bin/git", "#!/bin/sh\nexec sleep 1000\n");
  std::filesystem::permissions(dir / "bin/git", std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", ((dir / "bin") + ":" + path).c_str(), 1);
  auto reading = read(where, {}, 20ms);
  EXPECT_EQ(reading.problem ? reading.problem->code : "", "git_timeout");
  ::setenv("PATH", (dir / "nothing").c_str(), 1);
  reading = read(where);
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(reading.problem);
  EXPECT_EQ(reading.problem->code, "git_failed");
}

TEST_F(GoldenStats, ReadingCreatesNothingInTheGitDirectoryNorChangesTheIndex) {
  const auto feat = with_worktree();
  write_file(feat + "/a.txt", "1\n2\n");  // racily dirty: a refresh would rewrite the index
  write_file(feat + "/new.txt", "1\n");
  const auto where = place(feat);
  const UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  constexpr std::uint32_t kWrites =
      IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVE | IN_ATTRIB | IN_CLOSE_WRITE;
  int watched = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(where.common_dir)) {
    if (entry.is_directory()) {
      ASSERT_GE(::inotify_add_watch(watch.get(), entry.path().c_str(), kWrites), 0);
      ++watched;
    }
  }
  ASSERT_GE(::inotify_add_watch(watch.get(), where.common_dir.c_str(), kWrites), 0);
  ASSERT_GE(::inotify_add_watch(watch.get(), feat.c_str(), kWrites), 0);
  EXPECT_GT(watched, 5);
  EXPECT_TRUE(read(where, {.list_ignored = true, .ask_ignored = {"new.txt"}}).stats);
  std::array<char, 4096> events{};
  EXPECT_EQ(::read(watch.get(), events.data(), events.size()), -1) << "git wrote something";
}

}  // namespace
}  // namespace sb::git
