#include <filesystem>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/workspace/workspace_commands.h"

#include "commands_fixture.h"

namespace sb::workspace {
namespace {

namespace fs = std::filesystem;
using enum model::WorkspaceStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- making ---

TEST_F(CommandsTest, MakesAWorktreeOnANewBranchBesideTheRepository) {
  const auto row = life_.made(project_.id, "Fix the Login!");
  EXPECT_EQ(row.status, READY);
  EXPECT_EQ(row.name, "Fix the Login!");
  EXPECT_EQ(row.branch_name, "fix-the-login");
  EXPECT_EQ(row.worktree_path, folder("fix-the-login").string());
  EXPECT_EQ(testing::read_file(folder("fix-the-login") / "README.md"), "hello\n");
  EXPECT_EQ(testing::git(row.worktree_path, {"branch", "--show-current"}), "fix-the-login");
  EXPECT_THAT(life_.statuses(row.id), ElementsAre(NEW, PROVISIONING, READY));
  EXPECT_THAT(life_.house.read().workspaces, SizeIs(2)) << "its card is the only new one";
}

TEST_F(CommandsTest, AnswersBeforeAnythingIsMade) {
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, NEW);
  EXPECT_EQ(life_.settled(row->id).status, READY);
}

TEST_F(CommandsTest, EndsWithTheBranchAndTheStatusInOneChange) {
  life_.script = "git checkout -q -b renamed-by-script";
  const auto row = life_.made(project_.id, "a");
  EXPECT_EQ(row.branch_name, "renamed-by-script");
  for (const auto& changed : life_.house.told<WorkspaceChanged>()) {
    if (changed.row.id == row.id && changed.row.status == READY) {
      EXPECT_EQ(changed.row.branch_name, "renamed-by-script");
    }
  }
}

TEST_F(CommandsTest, OneWorkspaceIsShownWhoeverSeesTheWorktreeFirst) {
  life_.script = "true";
  const auto created = life_.create(project_.id, "a");
  ASSERT_TRUE(created);
  // A pass enumerates again and again while git makes the worktree.
  while (life_.told(created->id)->status != READY) {
    ASSERT_TRUE(life_.house.adopt(project_.id));
    for (const auto& changed : life_.house.told<WorkspaceChanged>()) {
      EXPECT_TRUE(changed.row.id == created->id || changed.row.is_main)
          << changed.row.worktree_path;
    }
  }
  EXPECT_THAT(life_.house.told<WorkspaceRemoved>(), IsEmpty());
  EXPECT_THAT(life_.house.read().workspaces, SizeIs(2));
}

TEST_F(CommandsTest, IsNotBoundToAWorktreeGitIsStillMaking) {
  // A checkout that goes on until it is let go.
  const auto begun = (dir_ / "begun").string();
  const auto go = (dir_ / "go").string();
  repo_.commit(".gitattributes", "README.md filter=slow\n", "attributes");
  repo_.git({"config", "filter.slow.smudge",
             "touch " + begun + "; while [ ! -e " + go + " ]; do sleep 0.01; done; cat"});
  const auto created = life_.create(project_.id, "a");
  ASSERT_TRUE(created);
  ASSERT_TRUE(life_.house.loop().run_until([&] { return fs::exists(begun); }));
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_EQ(life_.house.workspace_at(folder("a")).git_dir, "");
  testing::write_file(go, "");
  EXPECT_EQ(life_.settled(created->id).status, READY);
  EXPECT_EQ(life_.house.workspace_at(folder("a")).git_dir, repo_.str() + "/.git/worktrees/a");
}

TEST_F(CommandsTest, BeginsAtTheGivenRevision) {
  const std::string first = repo_.git({"rev-parse", "HEAD"});
  repo_.commit("b.txt", "b\n", "second");
  const auto row = life_.made(project_.id, "old", {}, "HEAD~1");
  EXPECT_EQ(testing::git(row.worktree_path, {"rev-parse", "HEAD"}), first);
}

TEST_F(CommandsTest, TwoOfTheSameNameGetTheirOwnPlaces) {
  std::vector<WorkspaceRow> rows;
  for (int i = 0; i < 2; ++i) {
    life_.commands().create({project_.id, "a", {}, {}}, [&](const Result<WorkspaceRow>& row) {
      ASSERT_TRUE(row) << row.error().message;
      rows.push_back(*row);
    });
  }
  ASSERT_TRUE(life_.house.loop().run_until([&] { return rows.size() == 2; }));
  EXPECT_EQ(life_.settled(rows[0].id).branch_name, "a");
  EXPECT_EQ(life_.settled(rows[1].id).branch_name, "a-2");
  EXPECT_EQ(rows[1].worktree_path, folder("a-2").string());
}

TEST_F(CommandsTest, WritesOverNeitherAFolderNorABranch) {
  testing::write_file(folder("a") / "precious.txt", "mine\n");
  repo_.git({"branch", "a-2"});
  const auto row = life_.made(project_.id, "a");
  EXPECT_EQ(row.branch_name, "a-3");
  EXPECT_EQ(testing::read_file(folder("a") / "precious.txt"), "mine\n");
  const auto refused = life_.create(project_.id, "b", "a-2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("a-2"));
}

TEST_F(CommandsTest, ABranchTakesTheNamesBelowAndAboveItToo) {
  repo_.git({"branch", "topic/one"});
  EXPECT_EQ(life_.made(project_.id, "Topic").branch_name, "topic-2");
  EXPECT_EQ(life_.made(project_.id, "below", "topic/two").branch_name, "topic/two");
  life_.script = "sleep 1000";
  ASSERT_TRUE(life_.create(project_.id, "planned", "plan/a/b"));
  for (const char* branch :
       {"topic", "main/sub", "topic/one/deep/er", "plan", "plan/a", "plan/a/b/c"}) {
    const auto refused = life_.create(project_.id, "a", branch);
    ASSERT_FALSE(refused) << branch;
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(refused.error().path, "$.branchName");
    EXPECT_THAT(refused.error().message, HasSubstr(branch));
  }
}

TEST_F(CommandsTest, RefusesWhatMakesNoSense) {
  const auto code = [&](const std::string& name, std::optional<std::string> branch,
                        std::optional<std::string> from) {
    const auto row = life_.create(project_.id, name, std::move(branch), std::move(from));
    EXPECT_FALSE(row);
    return row ? std::pair(ErrorCode::internal, std::string())
               : std::pair(row.error().code, row.error().path);
  };
  using Pair = std::pair<ErrorCode, std::string>;
  EXPECT_EQ(code(" ", {}, {}), Pair(ErrorCode::invalid_argument, "$.name"));
  EXPECT_EQ(code("a", "-x", {}), Pair(ErrorCode::invalid_argument, "$.branchName"));
  EXPECT_EQ(code("a", {}, "no-such"), Pair(ErrorCode::invalid_argument, "$.from"));
  EXPECT_EQ(code("a", {}, "--output=x"), Pair(ErrorCode::invalid_argument, "$.from"));
  const auto nowhere = life_.create(model::ProjectId("none"), "a");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::not_found);
  EXPECT_THAT(life_.house.events, IsEmpty());
}

TEST_F(CommandsTest, DropsWhiteSpaceAroundAName) {
  const auto row = life_.made(project_.id, "  Alpha\t");
  EXPECT_EQ(row.name, "Alpha");
  EXPECT_EQ(row.branch_name, "alpha");
}

TEST_F(CommandsTest, TakesForABranchWhatGitTakes) {
  for (const char* name :
       {"a",    "a/b",    "@",        "a./b",     "refs/heads/x", "HEAD", ".a",
        "a/.b", "a.lock", "a.lock/b", "a/b.lock", "a/",           "/a",   "a//b",
        "a..b", "a.",     "a@{b",     "-a",       "a b",          "a~b",  "a\\b"}) {
    bool sound = true;
    try {
      repo_.git({"check-ref-format", "--branch", name});
    } catch (const std::runtime_error&) {
      sound = false;
    }
    EXPECT_EQ(life_.house.register_project(repo_.path(), {}, name).has_value(), sound) << name;
  }
  EXPECT_EQ(life_.made(project_.id, "a.lock.lock", {}, "main").branch_name, "a");
}

TEST_F(CommandsTest, ARepositoryWithoutACommitHasNothingToBeginAt) {
  testing::GitRepo empty(dir_ / "empty", testing::GitRepo::Kind::empty);
  const auto row = life_.create(life_.house.project(empty.path()).id, "a");
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, ErrorCode::conflict);
}

TEST_F(CommandsTest, ABareRepositoryCanHaveWorkspaces) {
  testing::GitRepo bare(dir_ / "bare.git", testing::GitRepo::Kind::bare);
  repo_.git({"push", "-q", bare.str(), "main"});
  const auto row = life_.made(life_.house.project(bare.path()).id, "a");
  EXPECT_EQ(row.status, READY) << (row.problem ? row.problem->message : "");
  EXPECT_EQ(row.worktree_path, (dir_ / "bare.worktrees" / "a").string());
}

TEST_F(CommandsTest, TellsNothingWhileTheTransactionIsOpen) {
  HeldWriter held(life_.house.writer());
  bool answered = false;
  life_.commands().create({project_.id, "a", {}, {}},
                          [&](const Result<WorkspaceRow>&) { answered = true; });
  life_.house.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_THAT(life_.house.events, IsEmpty());
  held.release();
  ASSERT_TRUE(life_.house.loop().run_until([&] { return answered; }));
  EXPECT_FALSE(life_.house.events.empty());
}

// --- the set-up script ---

TEST_F(CommandsTest, RunsTheSetUpScriptInTheWorktreeAndKeepsItsOutput) {
  life_.script = "echo \"$SNAPBOARD_WORKSPACE in $PWD\"; touch made-by-script";
  const auto row = life_.made(project_.id, "a");
  EXPECT_EQ(row.status, READY);
  EXPECT_TRUE(fs::exists(folder("a") / "made-by-script"));
  const std::string said = row.id.str() + " in " + row.worktree_path + "\n";
  const auto output = life_.output(row.id);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->bytes, said);
  EXPECT_TRUE(output->over);
  EXPECT_EQ(life_.output(row.id, 3)->bytes, said.substr(3));
  life_.restart();
  EXPECT_EQ(life_.output(row.id)->bytes, said) << "kept across lives";
}

TEST_F(CommandsTest, AFailedSetUpSaysWhyAndARetryGoesOn) {
  life_.script = "echo installing; printf '\\033[31mno network\\033[0m\\n'; exit 3";
  const auto failed = life_.made(project_.id, "a");
  EXPECT_EQ(failed.status, FAILED);
  ASSERT_TRUE(failed.problem);
  EXPECT_EQ(failed.problem->code, "setup_failed");
  EXPECT_EQ(failed.problem->message,
            "The set-up script failed: it ended with exit code 3.\ninstalling\nno network");
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_EQ(life_.house.workspace_at(folder("a")).problem, failed.problem) << "a pass keeps it";
  testing::write_file(folder("a") / "work.txt", "kept\n");

  life_.script = "test -f work.txt";
  const auto begun = life_.retry(failed.id);
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(begun->status, PROVISIONING);
  EXPECT_EQ(begun->problem, std::nullopt);
  const auto ready = life_.settled(failed.id);
  EXPECT_EQ(ready.status, READY);
  EXPECT_EQ(ready.problem, std::nullopt);
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_EQ(life_.house.workspace_at(folder("a")).problem, std::nullopt);
}

TEST_F(CommandsTest, OnlyAFailedOneIsRetried) {
  const auto row = life_.made(project_.id, "a");
  const auto refused = life_.retry(row.id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(life_.retry(model::WorkspaceId("none")).error().code, ErrorCode::not_found);
}

TEST_F(CommandsTest, ASetUpThatDoesNotEndIsEnded) {
  life_.script = "echo begun; (sleep 1000 &); sleep 1000";
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(row);
  ASSERT_TRUE(life_.house.loop().run_until([&] {
    const auto output = life_.output(row->id);
    return output && output->bytes == "begun\n";
  }));
  life_.house.loop().advance(CommandOptions{}.setup_timeout);
  const auto failed = life_.settled(row->id);
  ASSERT_EQ(failed.status, FAILED);
  EXPECT_THAT(failed.problem->message, HasSubstr("did not end within 600 s"));
  EXPECT_THAT(failed.problem->message, HasSubstr("begun"));
}

TEST_F(CommandsTest, KeepsTheEndOfMuchOutput) {
  life_.script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 1";
  const auto failed = life_.made(project_.id, "a");
  EXPECT_THAT(failed.problem->message, HasSubstr("line 19999"));
  EXPECT_LT(failed.problem->message.size(), 3'000U);
  const auto output = life_.output(failed.id);
  EXPECT_EQ(output->bytes.size(), CommandOptions{}.stored_output_bytes_max);
  EXPECT_GT(output->begin, 0U);
  EXPECT_TRUE(output->over);
}

TEST_F(CommandsTest, GitsReasonIsToldWhenItMakesNoWorktreeAndARetryMakesIt) {
  testing::write_file(repo_ / ".git" / "hooks" / "post-checkout",
                      "#!/bin/sh\necho fatal: no; exit 1\n");
  fs::permissions(repo_ / ".git" / "hooks" / "post-checkout", fs::perms::owner_all);
  const auto failed = life_.made(project_.id, "a");
  ASSERT_EQ(failed.status, FAILED);
  EXPECT_THAT(failed.problem->message, HasSubstr("no"));
  fs::remove(repo_ / ".git" / "hooks" / "post-checkout");
  ASSERT_TRUE(life_.retry(failed.id));
  EXPECT_EQ(life_.settled(failed.id).status, READY);
}

// --- a life that ended too early ---

TEST_F(CommandsTest, AnInterruptedSetUpIsFailedAtTheNextStartAndCanBeRetried) {
  life_.script = "echo begun; sleep 1000";
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(row);
  ASSERT_TRUE(life_.house.loop().run_until([&] { return life_.output(row->id)->bytes != ""; }));
  life_.restart();
  const auto& loaded = life_.house.loaded().workspaces;
  const auto held = std::find_if(loaded.begin(), loaded.end(),
                                 [&](const WorkspaceRow& one) { return one.id == row->id; });
  ASSERT_NE(held, loaded.end());
  EXPECT_EQ(held->status, FAILED);
  EXPECT_THAT(held->problem->message, HasSubstr("server ended"));
  life_.script.clear();
  ASSERT_TRUE(life_.retry(row->id));
  EXPECT_EQ(life_.settled(row->id).status, READY);
}

TEST_F(CommandsTest, AWorktreeThatWasLeftHalfMadeIsMadeAnew) {
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(life_.settled(row->id).status == READY);
  // As a git leaves it that is killed before the checkout.
  const fs::path git_dir = life_.house.workspace_at(folder("a")).git_dir;
  fs::remove(git_dir / "index");
  fs::remove(folder("a") / "README.md");
  testing::write_file(git_dir / "locked", "initializing\n");
  life_.house.sql("UPDATE making SET worktree_made = 0");
  life_.house.sql("UPDATE workspace SET status = 'PROVISIONING' WHERE id = '" + row->id.str() +
                  "'");
  life_.restart();
  ASSERT_TRUE(life_.retry(row->id));
  EXPECT_EQ(life_.settled(row->id).status, READY);
  EXPECT_EQ(testing::read_file(folder("a") / "README.md"), "hello\n");
}

TEST_F(CommandsTest, APlannedWorkspaceIsMadeByTheNextLife) {
  std::optional<WorkspaceRow> row;
  life_.commands().create({project_.id, "a", {}, {}},
                          [&](const Result<WorkspaceRow>& made) { row = *made; });
  ASSERT_TRUE(life_.house.loop().run_until([&] { return row.has_value(); }));
  life_.stop();
  life_.house.sql("UPDATE workspace SET status = 'NEW' WHERE status = 'PROVISIONING'");
  life_.start();
  life_.restart();
  EXPECT_EQ(life_.settled(row->id).status, READY);
}

TEST_F(CommandsTest, AnInterruptedArchiveIsBroughtToItsEnd) {
  const auto row = life_.made(project_.id, "a");
  life_.on_halt = [](const auto&) {};  // never answers: the life ends in it
  life_.commands().archive(row.id, {.remove_worktree = true, .force = false, .forget = false},
                           [](const Result<void>&) {});
  ASSERT_TRUE(life_.wait_for(row.id, ARCHIVING));
  life_.on_halt = nullptr;
  life_.restart();
  ASSERT_TRUE(
      life_.house.loop().run_until([&] { return !life_.house.told<WorkspaceRemoved>().empty(); }));
  EXPECT_FALSE(fs::exists(folder("a")));
  EXPECT_THAT(life_.house.read().workspaces, SizeIs(1));
}

TEST_F(CommandsTest, AnArchiveThatLostItsLifeAfterTheWorktreeLetsGoInTheNextOne) {
  const auto row = life_.made(project_.id, "a");
  life_.on_release = [](const auto&) {};
  life_.commands().archive(row.id, {.remove_worktree = true, .force = false, .forget = false},
                           [](const Result<void>&) {});
  ASSERT_TRUE(life_.house.loop().run_until([&] { return !life_.released.empty(); }));
  EXPECT_FALSE(fs::exists(folder("a")));
  EXPECT_THAT(life_.house.told<WorkspaceRemoved>(), IsEmpty()) << "until it was let go";
  life_.released.clear();
  life_.on_release = nullptr;
  life_.restart();
  ASSERT_TRUE(
      life_.house.loop().run_until([&] { return !life_.house.told<WorkspaceRemoved>().empty(); }));
  EXPECT_THAT(life_.released, ElementsAre(row.id));
}

// --- archive ---

TEST_F(CommandsTest, AnArchiveEndsWhatRunsHidesTheCardAndLeavesTheFiles) {
  const auto row = life_.made(project_.id, "a");
  const auto done = life_.archive(row.id);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(life_.statuses(row.id), ElementsAre(NEW, PROVISIONING, READY, ARCHIVING, ARCHIVED));
  EXPECT_THAT(life_.released, ElementsAre(row.id));
  EXPECT_TRUE(fs::exists(folder("a") / "README.md"));
  life_.house.events.clear();
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_THAT(life_.house.events, IsEmpty()) << "its worktree is not adopted as a new one";
  EXPECT_THAT(life_.house.read().workspaces, SizeIs(1));
  life_.restart();
  EXPECT_THAT(life_.house.loaded().workspaces, SizeIs(1));
}

TEST_F(CommandsTest, RefusesToRemoveWorkAndNamesIt) {
  const auto row = life_.made(project_.id, "a");
  testing::write_file(folder("a") / "README.md", "changed\n");
  testing::write_file(folder("a") / "notes.txt", "new\n");
  const auto refused = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("1 changed file (README.md)"));
  EXPECT_THAT(refused.error().message, HasSubstr("1 untracked file (notes.txt)"));
  EXPECT_THAT(life_.statuses(row.id), ElementsAre(NEW, PROVISIONING, READY)) << "it never left";
  EXPECT_THAT(life_.released, IsEmpty());
  EXPECT_TRUE(fs::exists(folder("a") / "notes.txt"));

  const auto forced = life_.archive(row.id, {.remove_worktree = true, .force = true});
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_FALSE(fs::exists(folder("a")));
  EXPECT_THAT(life_.house.told<WorkspaceRemoved>(), SizeIs(1));
}

TEST_F(CommandsTest, RefusesToRemoveCommitsThatAreNowhereElse) {
  const auto row = life_.made(project_.id, "a");
  repo_.commit("b.txt", "b\n", "only here", folder("a"));
  const auto refused = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("1 commit that is on no other branch"));
  ASSERT_TRUE(life_.archive(row.id, {.remove_worktree = true, .force = true}));
  EXPECT_THAT(branches(), HasSubstr("a")) << "committed work is not deleted even then";
}

TEST_F(CommandsTest, RefusesToRemoveAnotherWorktreeAlongEvenByForce) {
  testing::write_file(repo_ / ".git/info/exclude", "inner\n");
  testing::GitRepo other(dir_ / "other");
  life_.house.project(other.path());
  int halted = 0;
  life_.on_halt = [&](std::function<void()> done) {
    ++halted;
    life_.house.loop().post(std::move(done));
  };
  for (const auto* repository : {&repo_, &other}) {
    const auto row = life_.made(project_.id, "outer");
    const fs::path outer(row.worktree_path);
    const auto inner = repository->add_worktree(outer / "inner", "b");
    testing::write_file(inner / "precious.txt", "mine\n");
    const auto project = repository == &repo_ ? project_ : life_.house.project(other.path());
    ASSERT_TRUE(life_.house.adopt(project.id));
    for (const bool force : {false, true}) {
      const auto refused = life_.archive(row.id, {.remove_worktree = true, .force = force});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::conflict);
      EXPECT_THAT(refused.error().message,
                  HasSubstr("it holds the worktree inner (" + inner.string() + ")"));
    }
    EXPECT_EQ(halted, 0) << "it never left";
    EXPECT_EQ(testing::read_file(inner / "precious.txt"), "mine\n");
    repository->remove_worktree(inner);
    EXPECT_TRUE(life_.archive(row.id, {.remove_worktree = true}));
    EXPECT_FALSE(fs::exists(outer));
    halted = 0;
  }
}

TEST_F(CommandsTest, AWorktreeThatCameIntoAnotherAfterTheCheckBringsThatBack) {
  testing::write_file(repo_ / ".git/info/exclude", "inner\n");
  const auto row = life_.made(project_.id, "outer");
  life_.on_halt = [&](const std::function<void()>& done) {
    repo_.add_worktree(folder("outer") / "inner", "b");
    life_.house.loop().post(done);
  };
  const auto refused = life_.archive(row.id, {.remove_worktree = true, .force = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("it holds the worktree inner"));
  EXPECT_THAT(life_.statuses(row.id), ElementsAre(NEW, PROVISIONING, READY, ARCHIVING, READY));
  EXPECT_TRUE(fs::exists(folder("outer") / "inner" / "README.md"));
}

TEST_F(CommandsTest, ABranchThatIsMergedGoesWithTheWorktree) {
  const auto row = life_.made(project_.id, "feature");
  repo_.commit("b.txt", "b\n", "work", folder("feature"));
  repo_.git({"merge", "-q", "feature"});
  ASSERT_TRUE(life_.archive(row.id, {.remove_worktree = true}));
  EXPECT_EQ(branches(), "main");
}

TEST_F(CommandsTest, ABranchThatWasThereBeforeStays) {
  const auto path = repo_.add_worktree("../wt", "theirs");
  ASSERT_TRUE(life_.house.adopt(project_.id));
  ASSERT_TRUE(life_.archive(id_of(path), {.remove_worktree = true}));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THAT(branches(), HasSubstr("theirs"));
}

TEST_F(CommandsTest, AFailedArchiveBringsTheWorkspaceBack) {
  const auto row = life_.made(project_.id, "a");
  // Somebody begins to work in it after the check.
  life_.on_halt = [&](const std::function<void()>& done) {
    testing::write_file(folder("a") / "late.txt", "work\n");
    life_.house.loop().post(done);
  };
  const auto refused = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_THAT(life_.statuses(row.id), ElementsAre(NEW, PROVISIONING, READY, ARCHIVING, READY));
  EXPECT_TRUE(fs::exists(folder("a") / "late.txt"));
  EXPECT_THAT(life_.released, IsEmpty()) << "what is known of it stays with it";
  life_.on_halt = nullptr;
  EXPECT_TRUE(life_.archive(row.id)) << "and can be archived again";
}

TEST_F(CommandsTest, AFailedOneComesBackAsFailed) {
  life_.script = "exit 1";
  const auto row = life_.made(project_.id, "a");
  life_.on_halt = [&](const std::function<void()>& done) {
    testing::write_file(folder("a") / "late.txt", "work\n");
    life_.house.loop().post(done);
  };
  ASSERT_FALSE(life_.archive(row.id, {.remove_worktree = true}));
  EXPECT_EQ(life_.told(row.id)->status, FAILED);
  EXPECT_EQ(life_.told(row.id)->problem->code, "setup_failed");
}

TEST_F(CommandsTest, TheMainWorktreeIsHiddenButNeverRemoved) {
  const auto main = id_of(repo_.path());
  const auto refused = life_.archive(main, {.remove_worktree = true, .force = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_TRUE(fs::exists(repo_ / "README.md"));
  EXPECT_TRUE(life_.archive(main));
}

TEST_F(CommandsTest, AnArchivedWorkspaceComesBackAsANewOne) {
  const auto row = life_.made(project_.id, "a");
  ASSERT_FALSE(life_.put_back(row.id));
  ASSERT_TRUE(life_.archive(row.id));
  const auto back = life_.put_back(row.id);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_NE(back->id, row.id);
  EXPECT_EQ(back->name, "a");
  EXPECT_EQ(back->status, READY);
  EXPECT_EQ(back->worktree_path, row.worktree_path);
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_EQ(life_.house.workspace_at(folder("a")).id, back->id);
}

TEST_F(CommandsTest, AnArchivedRowGoesWithItsWorktree) {
  const auto row = life_.made(project_.id, "a");
  ASSERT_TRUE(life_.archive(row.id));
  repo_.remove_worktree(folder("a"));
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_EQ(life_.put_back(row.id).error().code, ErrorCode::not_found);
}

// --- delete ---

TEST_F(CommandsTest, ABranchWithoutAWorktreeGoesUnlessSomebodyCommittedToIt) {
  // git makes the branch, fails at the checkout and takes the worktree away again.
  repo_.commit(".gitattributes", "README.md filter=broken\n", "attributes");
  repo_.git({"config", "filter.broken.clean", "cat"});
  repo_.git({"config", "filter.broken.smudge", "false"});
  repo_.git({"config", "filter.broken.required", "true"});
  const auto one = life_.made(project_.id, "one");
  const auto two = life_.made(project_.id, "two");
  ASSERT_EQ(one.status, FAILED);
  repo_.git({"branch", "-f", "one", "HEAD"});
  repo_.commit("b.txt", "b\n", "work");
  repo_.git({"branch", "-f", "two", "HEAD"});
  for (const auto& row : {one, two}) {
    const auto gone = life_.archive(row.id, {.remove_worktree = true, .forget = true});
    ASSERT_TRUE(gone) << gone.error().message;
  }
  EXPECT_EQ(branches(), "main\ntwo");
}

TEST_F(CommandsTest, ADeleteTakesWorktreeAndRow) {
  const auto row = life_.made(project_.id, "a");
  ASSERT_TRUE(life_.archive(row.id, {.remove_worktree = true, .force = false, .forget = true}));
  EXPECT_FALSE(fs::exists(folder("a")));
  EXPECT_EQ(life_.archive(row.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(branches(), "main");
}

TEST_F(CommandsTest, ADeleteTakesAnArchivedWorkspaceToo) {
  const auto row = life_.made(project_.id, "a");
  ASSERT_TRUE(life_.archive(row.id));
  ASSERT_TRUE(life_.archive(row.id, {.remove_worktree = true, .force = false, .forget = true}));
  EXPECT_FALSE(fs::exists(folder("a")));
}

TEST_F(CommandsTest, ADeleteEndsASetUpThatRuns) {
  life_.script = "echo begun; sleep 1000";
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(life_.house.loop().run_until([&] { return life_.output(row->id)->bytes != ""; }));
  const auto refused = life_.archive(row->id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  const auto gone =
      life_.archive(row->id, {.remove_worktree = true, .force = false, .forget = true});
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_FALSE(fs::exists(folder("a")));
}

TEST_F(CommandsTest, RemovingTheProjectEndsItsSetUpsAndLeavesTheFiles) {
  life_.script = "trap 'echo ended > ../ended; exit 1' TERM; echo begun; sleep 1000 & wait";
  const auto row = life_.create(project_.id, "a");
  ASSERT_TRUE(life_.house.loop().run_until([&] { return life_.output(row->id)->bytes != ""; }));
  ASSERT_TRUE(life_.house.remove_project(project_.id));
  EXPECT_TRUE(life_.house.loop().run_until([&] { return fs::exists(folder("ended")); }));
  EXPECT_TRUE(fs::exists(folder("a") / "README.md"));
}

}  // namespace
}  // namespace sb::workspace
