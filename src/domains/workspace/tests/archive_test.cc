#include <chrono>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/workspace/workspace_commands.h"

#include "commands_fixture.h"

// What force gets round, and what is kept of an archived workspace.

namespace sb::workspace {
namespace {

namespace fs = std::filesystem;
using enum model::WorkspaceStatus;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ArchiveTest : public CommandsTest {};

TEST_F(ArchiveTest, SaysThatForceRemovesALockedWorktreeAndEndsNothingBefore) {
  const auto row = life_.made(project_.id, "a");
  int halted = 0;
  life_.on_halt = [&](std::function<void()> done) {
    ++halted;
    life_.house.loop().post(std::move(done));
  };
  repo_.git({"worktree", "lock", folder("a").string()});
  const auto plain = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().message,
            "the worktree is not removed, because it is locked; --force removes it all the same");
  repo_.git({"worktree", "unlock", folder("a").string()});
  repo_.git({"worktree", "lock", "--reason", "on a stick", folder("a").string()});
  testing::write_file(folder("a") / "notes.txt", "new\n");
  const auto both = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message,
              HasSubstr("it is locked (on a stick), and it holds 1 untracked file (notes.txt); "
                        "--force removes it all the same"));
  EXPECT_EQ(halted, 0);
  const auto forced = life_.archive(row.id, {.remove_worktree = true, .force = true});
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_FALSE(fs::exists(folder("a")));
}

TEST_F(ArchiveTest, ALockKeepsAWorktreeWhoseFolderIsAway) {
  const auto row = life_.made(project_.id, "a");
  repo_.git({"worktree", "lock", "--reason", "on a stick", folder("a").string()});
  fs::rename(folder("a"), dir_ / "away");
  ASSERT_TRUE(life_.house.adopt(project_.id));
  const auto refused = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("it is locked (on a stick); --force"));
  const auto forced = life_.archive(row.id, {.remove_worktree = true, .force = true});
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_FALSE(fs::exists(repo_ / ".git/worktrees/a"));
}

TEST_F(ArchiveTest, SaysThatForceRemovesAWorktreeWithSubmodules) {
  testing::GitRepo library(dir_ / "library");
  repo_.git({"submodule", "add", "-q", library.str(), "library"});
  repo_.git({"commit", "-q", "-m", "library"});
  const auto empty = life_.made(project_.id, "empty");
  EXPECT_TRUE(life_.archive(empty.id, {.remove_worktree = true})) << "its folder is not filled";

  const auto row = life_.made(project_.id, "a");
  testing::git(folder("a"), {"submodule", "update", "--init", "-q"});
  const auto refused = life_.archive(row.id, {.remove_worktree = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("it holds submodules, whose own commits go with it; --force"));
  EXPECT_TRUE(fs::exists(folder("a") / "library/README.md"));
  ASSERT_TRUE(life_.archive(row.id, {.remove_worktree = true, .force = true}));
  EXPECT_FALSE(fs::exists(folder("a")));

  // One whose repository lies in the worktree itself: only git sees that.
  const auto own = life_.made(project_.id, "own");
  fs::remove(folder("own") / "library");
  testing::git(folder("own"), {"clone", "-q", library.str(), "library"});
  const auto late = life_.archive(own.id, {.remove_worktree = true});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("submodules"));
  EXPECT_THAT(late.error().message, HasSubstr("; --force removes it all the same"));
  EXPECT_EQ(life_.told(own.id)->status, READY);
  ASSERT_TRUE(life_.archive(own.id, {.remove_worktree = true, .force = true}));
}

TEST_F(ArchiveTest, AnArchivedWorkspaceComesBackWithHowItWasMade) {
  life_.script = "echo broken; exit 1";
  const auto failed = life_.made(project_.id, "a");
  ASSERT_EQ(failed.status, FAILED);
  ASSERT_TRUE(life_.archive(failed.id));
  const auto back = life_.put_back(failed.id);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->status, FAILED);
  EXPECT_EQ(back->problem, failed.problem);
  EXPECT_EQ(back->git_dir, failed.git_dir);
  EXPECT_EQ(life_.output(back->id)->bytes, "broken\n");
  life_.script.clear();
  ASSERT_TRUE(life_.retry(back->id));
  ASSERT_TRUE(life_.wait_for(back->id, READY));
  ASSERT_TRUE(life_.archive(back->id, {.remove_worktree = true}));
  EXPECT_EQ(branches(), "main") << "its branch was made with it";
}

TEST_F(ArchiveTest, AnArchivedWorkspaceComesBackWithTheProblemItHas) {
  const auto row = life_.made(project_.id, "a");
  ASSERT_TRUE(life_.archive(row.id));
  fs::rename(folder("a"), dir_ / "away");
  ASSERT_TRUE(life_.house.adopt(project_.id));
  const auto back = life_.put_back(row.id);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_TRUE(life_.told(back->id)->problem);
  EXPECT_EQ(life_.told(back->id)->problem->code, "worktree_missing");
  life_.house.events.clear();
  ASSERT_TRUE(life_.house.adopt(project_.id));
  EXPECT_THAT(life_.house.events, IsEmpty()) << "nothing is left to correct";
}

TEST_F(ArchiveTest, NothingIsKeptOfAnArchivedWorkspaceThatHasNoWorktree) {
  repo_.commit(".gitattributes", "README.md filter=broken\n", "attributes");
  repo_.git({"config", "filter.broken.clean", "cat"});
  repo_.git({"config", "filter.broken.smudge", "false"});
  repo_.git({"config", "filter.broken.required", "true"});
  const auto row = life_.made(project_.id, "a");
  ASSERT_EQ(row.status, FAILED);
  ASSERT_FALSE(fs::exists(folder("a")));
  ASSERT_TRUE(life_.archive(row.id));
  EXPECT_THAT(life_.archived(project_.id)->rows, IsEmpty());
  EXPECT_EQ(life_.put_back(row.id).error().code, ErrorCode::not_found);
  EXPECT_EQ(branches(), "main");
  repo_.git({"config", "filter.broken.smudge", "cat"});
  EXPECT_EQ(life_.made(project_.id, "a").worktree_path, folder("a").string())
      << "its place is free";
}

TEST_F(ArchiveTest, ListsWhatIsArchivedNewestFirst) {
  EXPECT_THAT(life_.archived(project_.id)->rows, IsEmpty());
  const auto first = life_.made(project_.id, "first", "topic/first");
  life_.house.loop().advance(std::chrono::seconds(1));
  const auto second = life_.made(project_.id, "second");
  life_.made(project_.id, "third");
  for (const auto& row : {first, second}) ASSERT_TRUE(life_.archive(row.id));
  life_.restart();
  fs::rename(folder("second"), dir_ / "away");
  ASSERT_TRUE(life_.house.adopt(project_.id));
  const auto list = life_.archived(project_.id);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_TRUE(list->complete);
  ASSERT_THAT(list->rows, SizeIs(2));
  EXPECT_EQ(list->rows[0].id, second.id);
  EXPECT_EQ(list->rows[0].problem->code, "worktree_missing");
  EXPECT_EQ(list->rows[1].id, first.id);
  EXPECT_EQ(list->rows[1].name, "first");
  EXPECT_EQ(list->rows[1].branch_name, "topic/first");
  EXPECT_EQ(list->rows[1].worktree_path, folder("first").string());
  EXPECT_EQ(list->rows[1].problem, std::nullopt);
  ASSERT_TRUE(life_.put_back(first.id));
  EXPECT_THAT(life_.archived(project_.id)->rows, SizeIs(1));
  EXPECT_EQ(life_.archived(model::ProjectId("none")).error().code, ErrorCode::not_found);
}

TEST_F(ArchiveTest, TheListOfWhatIsArchivedIsBounded) {
  for (std::size_t i = 0; i <= WorkspaceService::kArchivedMax; ++i) {
    life_.house.sql("INSERT INTO workspace VALUES ('" + std::to_string(i) + "', '" +
                    project_.id.str() + "', 'n', 1, 'ARCHIVED', " + std::to_string(i) +
                    ", NULL, '/none', 0, '/none/" + std::to_string(i) + "', 0, 0, 1)");
  }
  const auto list = life_.archived(project_.id);
  ASSERT_TRUE(list);
  EXPECT_FALSE(list->complete);
  ASSERT_THAT(list->rows, SizeIs(WorkspaceService::kArchivedMax));
  EXPECT_EQ(list->rows.back().id.str(), "1") << "the oldest is left out";
}

}  // namespace
}  // namespace sb::workspace
