#include "sb/git/git_service.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "service_harness.h"

namespace sb::git {
namespace {

using namespace std::chrono_literals;
using testing::commit_all;
using testing::git;
using testing::write_file;

class GitServiceTest : public ServiceTest {
 protected:
  /// The main worktree ("app") and two more, tracked and at rest.
  void three_worktrees() {
    one = add_worktree("one");
    two = add_worktree("two");
    start();
    track(repo);
    track(one);
    track(two);
    settle();
    ASSERT_EQ(service->health().watched, 3U);
    ASSERT_EQ(service->health().failing, 0U);
  }
  model::GitStats stats(const std::string& name) {
    return facts[name].stats.value_or(model::GitStats{-1, -1, -1, false, -1, -1, false});
  }
  static model::GitStats untracked(std::int64_t files, std::int64_t lines) {
    return {0, 0, 0, files > 0, files, lines, false};
  }

  std::string one, two;
};

TEST_F(GitServiceTest, ReadsWhatIsTrackedAndStampsEachRead) {
  const auto feat = add_worktree("feat");
  write_file(feat + "/new.txt", "1\n2\n");
  start();
  track(repo);
  track(feat);
  ASSERT_TRUE(eventually([&] { return facts.size() == 2; }));
  EXPECT_EQ(stats("app"), untracked(0, 0));
  EXPECT_EQ(stats("feat"), untracked(1, 2));
  EXPECT_EQ(facts["feat"].problem, std::nullopt);
  ASSERT_TRUE(facts["feat"].last_activity_at);
  EXPECT_EQ(facts["feat"].last_activity_at->time_since_epoch() % 10s, 0ms);
  EXPECT_NE(facts["app"].stamp, facts["feat"].stamp);
  settle();
  EXPECT_EQ(reads["feat"], 2) << "once at first, once when all of it was watched";
  EXPECT_EQ(service->health().worktrees, 2U);
  EXPECT_EQ(service->health().watched, 2U);
}

TEST_F(GitServiceTest, NoticesEditsCommitsAndOperations) {
  three_worktrees();
  write_file(one + "/a.txt", "1\n2\n3\n4\n");
  ASSERT_TRUE(eventually([&] { return stats("one").additions == 1; }));
  EXPECT_TRUE(stats("one").hasUncommitted);
  commit_all(one, "work");
  ASSERT_TRUE(eventually([&] { return !stats("one").hasUncommitted; }));
  EXPECT_EQ(stats("one"), (model::GitStats{1, 1, 0, false, 0, 0, false}));
  write_file(one + "/src/deep/er/new.txt", "1\n");
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedFiles == 1; }));
  write_file(one + "/src/deep/er/new.txt", "1\n2\n");
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedAdditions == 2; }));
  git(one, {"bisect", "start"});
  ASSERT_TRUE(eventually([&] { return facts["one"].operation == "bisect"; }));
  git(one, {"bisect", "reset"});
  ASSERT_TRUE(eventually([&] { return !facts["one"].operation; }));
  settle();
  EXPECT_EQ(reads["two"], 2);
}

TEST_F(GitServiceTest, IdleCostsNothing) {
  three_worktrees();
  const auto spawned = runner.real.spawned();
  const auto reads_before = reads;
  // What others do without changing anything: take and drop locks, read, write what git ignores.
  for (int i = 0; i < 10; ++i) {
    write_file(repo + "/.git/worktrees/one/index.lock", "");
    std::filesystem::remove(repo + "/.git/worktrees/one/index.lock");
    write_file(repo + "/.git/FETCH_HEAD", "x");
  }
  git(one, {"--no-optional-locks", "status"});
  fence_events();
  loop.advance(10min);
  fence_workers();
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);
  EXPECT_EQ(reads, reads_before);
  std::size_t moved = 99;
  service->check(project, [&](std::size_t count) { moved = count; });
  ASSERT_TRUE(eventually([&] { return moved != 99; }));
  EXPECT_EQ(moved, 0U);
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);
}

TEST_F(GitServiceTest, S_103_OneWorktreeReadsOnlyItselfUnlessTheBaseMoves) {
  three_worktrees();
  const auto before = reads;
  write_file(one + "/staged.txt", "1\n");
  git(one, {"add", "-A"});
  git(one, {"commit", "-q", "-m", "work"});
  settle();
  EXPECT_GT(reads["one"], before.at("one"));
  EXPECT_EQ(reads["two"], before.at("two"));
  EXPECT_EQ(reads["app"], before.at("app"));
  commit_all(repo, "the base moves");
  settle();
  EXPECT_GT(reads["two"], before.at("two"));
  const auto after = reads;
  git(repo, {"update-ref", "refs/remotes/origin/topic", "HEAD"});
  git(repo, {"tag", "v1"});
  settle();
  EXPECT_EQ(reads, after);
  git(repo, {"update-ref", "refs/remotes/origin/main", "HEAD~1"});
  settle();
  EXPECT_GT(reads["two"], after.at("two")) << "there is a better base now";
}

TEST_F(GitServiceTest, S_103_StaysFreshUnderSomebodyWhoNeverStopsWriting) {
  three_worktrees();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const int file = ::open((one + "/a.txt").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    while (!stop) static_cast<void>(::write(file, "line\n", 5));
    ::close(file);
  });
  const int before = reads["one"];
  EXPECT_TRUE(eventually([&] { return reads["one"] >= before + 3; }));
  EXPECT_GT(stats("one").additions, 0);
  stop = true;
  writer.join();
  settle();
  const auto lines = git(one, {"diff-index", "--numstat", "HEAD"});
  EXPECT_EQ(lines.substr(0, lines.find('\t')), std::to_string(stats("one").additions));
}

TEST_F(GitServiceTest, TellsWhenWorktreesOrHeadsChange) {
  three_worktrees();
  const auto told = [&](const std::function<void()>& change) {
    worktrees_told = 0;
    change();
    return eventually([&] { return worktrees_told > 0; });
  };
  EXPECT_TRUE(told([&] { git(one, {"checkout", "-q", "-b", "renamed"}); }));
  settle();
  EXPECT_TRUE(told([&] { git(repo, {"checkout", "-q", "--detach"}); }));
  settle();
  EXPECT_TRUE(told([&] { add_worktree("three"); }));
  settle();
  EXPECT_TRUE(told([&] { git(repo, {"worktree", "lock", dir / "three"}); }));
  git(repo, {"worktree", "unlock", dir / "three"});
  settle();
  EXPECT_TRUE(told([&] { git(repo, {"worktree", "move", dir / "three", dir / "moved"}); }));
  settle();
  EXPECT_TRUE(told([&] { git(repo, {"worktree", "remove", dir / "moved"}); }));
  settle();
  EXPECT_TRUE(told([&] { git(repo, {"update-ref", "refs/remotes/origin/main", "main"}); }))
      << "they are compared with another branch";
  settle();
  worktrees_told = 0;
  commit_all(one, "no branch changes");
  write_file(two + "/a.txt", "edit\n");
  settle();
  EXPECT_EQ(worktrees_told, 0);
}

TEST_F(GitServiceTest, TellsOfTheFirstWorktreeOfAProjectWithNoneTracked) {
  start();
  settle();
  worktrees_told = 0;
  add_worktree("first");
  EXPECT_TRUE(eventually([&] { return worktrees_told > 0; }));
  settle();
  EXPECT_EQ(runner.real.spawned(), 0U);
  service->untrack_project(project);
  settle();
  EXPECT_EQ(watcher->directories(), 1U) << "the fence";
}

TEST_F(GitServiceTest, IgnoredFoldersAndFilesCostNothingOnceKnown) {
  write_file(repo + "/.gitignore", "node_modules/\n*.log\n");
  write_file(repo + "/node_modules/left/index.js", "x");
  commit_all(repo, "ignore");
  start();
  track(repo);
  settle();
  const auto directories = watcher->directories();
  auto spawned = runner.real.spawned();
  write_file(repo + "/node_modules/left/index.js", "y");
  write_file(repo + "/node_modules/right/deep/index.js", "y");
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);

  for (int i = 0; i < 20; ++i) {
    write_file(repo + "/sub/node_modules/p" + std::to_string(i) + "/index.js", "x");
  }
  settle();
  EXPECT_EQ(watcher->directories(), directories + 1) << "sub, not what is ignored in it";
  for (int i = 0; i < 3; ++i) {  // learnt on the second try at the latest
    write_file(repo + "/sub/trace.log", std::to_string(i));
    settle();
  }
  spawned = runner.real.spawned();
  write_file(repo + "/sub/trace.log", "again");
  write_file(repo + "/sub/node_modules/p1/index.js", "again");
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);
  EXPECT_EQ(stats("app"), untracked(0, 0));
}

TEST_F(GitServiceTest, NewIgnoreRulesAreFollowedBothWays) {
  write_file(repo + "/.gitignore", "build/\n");
  write_file(repo + "/build/out/o.txt", "1\n");
  commit_all(repo, "ignore");
  start();
  track(repo);
  settle();
  EXPECT_EQ(stats("app"), untracked(0, 0));
  write_file(repo + "/.gitignore", "\n");
  settle();
  EXPECT_EQ(stats("app").untrackedFiles, 1);
  write_file(repo + "/build/out/o.txt", "1\n2\n");
  ASSERT_TRUE(eventually([&] { return stats("app").untrackedAdditions == 2; }));
  write_file(repo + "/.git/info/exclude", "build/\n");
  ASSERT_TRUE(eventually([&] { return stats("app").untrackedFiles == 0; }));
  settle();
  const auto spawned = runner.real.spawned();
  write_file(repo + "/build/out/o.txt", "1\n");
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);
}

TEST_F(GitServiceTest, WorktreesInsideAnotherAreTheirOwnBusiness) {
  start();
  track(repo);
  settle();
  git(repo, {"worktree", "add", "-q", "-b", "inner", repo + "/.claude/worktrees/inner"});
  track(repo + "/.claude/worktrees/inner");
  settle();
  const auto before = reads;
  write_file(repo + "/.claude/worktrees/inner/src/new.txt", "1\n");
  settle();
  EXPECT_GT(reads["inner"], before.at("inner"));
  EXPECT_EQ(reads["app"], before.at("app"));
}

TEST_F(GitServiceTest, FolderMayVanishAndComeBack) {
  three_worktrees();
  write_file(one + "/new.txt", "1\n");
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedFiles == 1; }));
  worktrees_told = 0;
  std::filesystem::rename(one, dir / "away");
  ASSERT_TRUE(eventually([&] { return facts["one"].problem.has_value(); }));
  EXPECT_EQ(facts["one"].problem->code, "worktree_missing");
  EXPECT_TRUE(stats("one").stale);
  EXPECT_EQ(stats("one").untrackedFiles, 1) << "the last good value is kept";
  EXPECT_GT(worktrees_told, 0);
  settle();
  EXPECT_EQ(service->health().failing, 1U);
  const auto spawned = runner.real.spawned();
  write_file(dir / "bystander", "x");
  settle();
  EXPECT_EQ(runner.real.spawned(), spawned);

  std::filesystem::rename(dir / "away", one);
  ASSERT_TRUE(eventually([&] { return !facts["one"].problem; }));
  EXPECT_EQ(stats("one"), untracked(1, 1));
  settle();
  EXPECT_EQ(service->health().watched, 3U);
  write_file(one + "/src/more.txt", "1\n");
  EXPECT_TRUE(eventually([&] { return stats("one").untrackedFiles == 2; }));
}

TEST_F(GitServiceTest, S_101_FailureKeepsTheLastGoodStatsAndIsTriedAgain) {
  three_worktrees();
  write_file(one + "/new.txt", "1\n");
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedFiles == 1; }));
  ::setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1", 1);
  service->refresh(id("one"));
  ASSERT_TRUE(eventually([&] { return facts["one"].problem.has_value(); }));
  ::unsetenv("GIT_TEST_ASSUME_DIFFERENT_OWNER");
  EXPECT_EQ(facts["one"].problem->code, "dubious_ownership");
  EXPECT_TRUE(stats("one").stale);
  EXPECT_EQ(stats("one").untrackedFiles, 1);
  loop.advance(1min);
  ASSERT_TRUE(eventually([&] { return !facts["one"].problem; }));
  EXPECT_FALSE(stats("one").stale);
}

TEST_F(GitServiceTest, S_104_HungWorktreeDelaysOnlyItself) {
  three_worktrees();
  runner.hold(one);
  write_file(one + "/new.txt", "1\n");
  write_file(two + "/new.txt", "1\n");
  ASSERT_TRUE(eventually([&] { return stats("two").untrackedFiles == 1; }));
  write_file(repo + "/new.txt", "1\n");
  ASSERT_TRUE(eventually([&] { return stats("app").untrackedFiles == 1; }));
  EXPECT_EQ(stats("one").untrackedFiles, 0);
  runner.let_go(one);
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedFiles == 1; }));
}

TEST_F(GitServiceTest, S_32_HintsDuringAReadCauseExactlyOneMore) {
  three_worktrees();
  const int before = reads["one"];
  runner.hold(one);
  const int started = runner.started(one);
  service->refresh(id("one"));
  ASSERT_TRUE(eventually([&] { return runner.started(one) > started; }));
  for (int i = 0; i < 5; ++i) {
    write_file(one + "/new.txt", std::string(static_cast<std::size_t>(i + 1), '\n'));
    fence_events();
    service->refresh(id("one"));
    loop.advance(1s);
  }
  EXPECT_EQ(runner.started(one), started + 1);
  runner.let_go(one);
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedAdditions == 5; }));
  loop.advance(1min);  // the held read took long, so the next one waits as long
  settle();
  EXPECT_EQ(reads["one"], before + 2);
}

TEST_F(GitServiceTest, WaitsForSomebodyWhoHoldsTheIndexButNotForEver) {
  three_worktrees();
  write_file(repo + "/.git/worktrees/one/index.lock", "");
  write_file(one + "/new.txt", "1\n");
  fence_events();
  const auto spawned = runner.real.spawned();
  loop.advance(300ms);
  fence_workers();
  loop.run_ready();
  EXPECT_EQ(runner.real.spawned(), spawned);
  ASSERT_TRUE(eventually([&] {
    loop.advance(100ms);
    return stats("one").untrackedFiles == 1;
  }));
  write_file(one + "/second.txt", "1\n");
  fence_events();
  loop.advance(150ms);
  fence_workers();
  EXPECT_TRUE(eventually([&] { return stats("one").untrackedFiles == 2; }));
  loop.run_ready();
  std::filesystem::remove(repo + "/.git/worktrees/one/index.lock");
}

TEST_F(GitServiceTest, WaitsForGitToMakeTheWorktree) {
  three_worktrees();
  write_file(repo + "/.git/worktrees/one/locked", "initializing\n");
  write_file(one + "/new.txt", "1\n");
  fence_events();
  const auto spawned = runner.real.spawned();
  loop.advance(300ms);
  fence_workers();
  loop.run_ready();
  EXPECT_EQ(runner.real.spawned(), spawned);
  std::filesystem::remove(repo + "/.git/worktrees/one/locked");
  EXPECT_TRUE(eventually([&] {
    loop.advance(100ms);
    return stats("one").untrackedFiles == 1;
  }));
}

TEST_F(GitServiceTest, LostEventsAreMadeUpFor) {
  three_worktrees();
  std::size_t queued_max = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queued_max;
  fence_events();
  std::unique_lock stop_watcher(watcher_gate);
  for (std::size_t i = 0; i < queued_max; ++i) write_file(fence / ("lost" + std::to_string(i)), "");
  write_file(one + "/unseen.txt", "1\n");
  write_file(two + "/new/unseen.txt", "1\n");
  git(repo, {"worktree", "add", "-q", dir / "unseen"});
  worktrees_told = 0;
  stop_watcher.unlock();
  EXPECT_TRUE(eventually([&] {
    return stats("one").untrackedFiles == 1 && stats("two").untrackedFiles == 1 &&
           worktrees_told > 0;
  }));
  settle();
  write_file(two + "/new/unseen.txt", "1\n2\n");
  EXPECT_TRUE(eventually([&] { return stats("two").untrackedAdditions == 2; }));
}

TEST_F(GitServiceTest, EveryKindOfRepositoryHasAClearState) {
  start();
  const auto track_odd = [&](const std::string& name, const std::string& path) {
    service->track(Worktree{id(name), project, path, path + "/.git", path + "/.git", std::nullopt});
  };
  const auto empty = testing::init_repository(dir / "empty");
  write_file(empty + "/new\nline \"quoted\"\xff", "1\n");
  track_odd("empty", empty);
  git(dir.path(), {"init", "-q", "--bare", dir / "bare/.git"});
  track_odd("bare", dir / "bare");
  write_file(dir / "nothing/here", "");
  track_odd("nothing", dir / "nothing");
  track_odd("absent", dir / "not/there");
  settle();
  EXPECT_EQ(stats("empty"), untracked(1, 1));
  EXPECT_EQ(facts["empty"].problem, std::nullopt);
  for (const auto& [name, code] :
       std::map<std::string, std::string>{{"bare", "not_a_repository"},
                                          {"nothing", "not_a_repository"},
                                          {"absent", "worktree_missing"}}) {
    ASSERT_TRUE(facts[name].problem) << name;
    EXPECT_EQ(facts[name].problem->code, code) << facts[name].problem->message;
    EXPECT_EQ(facts[name].stats, std::nullopt) << "there is nothing to measure";
  }
  testing::init_repository(dir / "not/there");
  EXPECT_TRUE(eventually([&] { return facts["absent"].stats.has_value(); }));
}

TEST_F(GitServiceTest, WithoutWatchesItPollsAndThePassFindsWhatMoved) {
  one = add_worktree("one");
  start(0);
  track(one);
  settle();
  EXPECT_EQ(service->health().degraded, 1U);
  EXPECT_EQ(service->health().watched, 0U);
  EXPECT_EQ(service->health().directories_watched, 0U);
  write_file(one + "/new.txt", "1\n");
  loop.advance(61s);
  ASSERT_TRUE(eventually([&] { return stats("one").untrackedFiles == 1; }));
}

TEST_F(GitServiceTest, CheckFindsAndCountsWhatNoEventTold) {
  one = add_worktree("one");
  GitOptions options;
  options.degraded_poll = std::chrono::hours(1);
  start(0, options);  // no watches: no event ever comes, nor a poll
  track(one);
  ASSERT_TRUE(eventually([&] { return facts["one"].stats.has_value(); }));
  settle();
  const auto check = [&] {
    std::size_t moved = 99;
    service->check(project, [&](std::size_t count) { moved = count; });
    EXPECT_TRUE(eventually([&] { return moved != 99; }));
    return moved;
  };
  EXPECT_EQ(check(), 0U);
  write_file(one + "/new.txt", "1\n");
  git(one, {"add", "-A"});
  EXPECT_EQ(check(), 1U);
  ASSERT_TRUE(eventually([&] { return stats("one").total == 1; }));
  settle();
  EXPECT_EQ(check(), 0U);
}

TEST_F(GitServiceTest, S_35_StopsAtAnyMoment) {
  three_worktrees();
  runner.hold(one);
  const int started = runner.started(one);
  service->refresh(id("one"));
  ASSERT_TRUE(eventually([&] { return runner.started(one) > started; }));
  service->untrack(id("one"));
  service->check(project, [](std::size_t) {});
  write_file(two + "/new.txt", "1\n");
  fence_events();
  service.reset();
  runner.let_go(one);
  fence_workers();
  loop.advance(1h);
  EXPECT_EQ(loop.timers(), 0U);
  settle();
  EXPECT_EQ(watcher->directories(), 1U) << "the fence";
}

TEST_F(GitServiceTest, CreatesNoFileInTheGitDirectory) {
  one = add_worktree("one");
  start();
  std::set<std::string> created;
  const auto snapshot = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repo + "/.git")) {
      names.insert(entry.path().native() +
                   std::to_string(entry.last_write_time().time_since_epoch().count()));
    }
    return names;
  };
  const auto before = snapshot();
  track(repo);
  track(one);
  settle();
  write_file(one + "/new/er.txt", "1\n");
  write_file(one + "/a.txt", "1\n");
  settle();
  EXPECT_EQ(stats("one").untrackedFiles, 1);
  EXPECT_EQ(snapshot(), before);
}

}  // namespace
}  // namespace sb::git
