#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/fake_loop.h"

#include "event_inbox.h"
#include "git_dir_change.h"
#include "paths.h"
#include "skip_set.h"

namespace sb::git {
namespace {

TEST(GitDirChange, LocksAndNotesMeanNothing) {
  for (const char* name :
       {"index.lock", "HEAD.lock", "packed-refs.lock", "config.lock", "COMMIT_EDITMSG",
        "FETCH_HEAD", "ORIG_HEAD", "gc.pid", "logs", "objects", "MERGE_MSG", ""}) {
    EXPECT_EQ(classify_git_dir_change(name), GitDirChange::none) << name;
  }
  EXPECT_EQ(classify_git_dir_change("index"), GitDirChange::index);
  EXPECT_EQ(classify_git_dir_change("HEAD"), GitDirChange::head);
  EXPECT_EQ(classify_git_dir_change("rebase-merge"), GitDirChange::operation);
  EXPECT_EQ(classify_git_dir_change("packed-refs"), GitDirChange::refs);
  EXPECT_EQ(classify_git_dir_change("worktrees"), GitDirChange::place);
}

TEST(SkipSet, SkipsGitFilesIgnoredAndNestedPaths) {
  SkipSet set;
  EXPECT_TRUE(set.skips("/w/any/where", ".git"));
  EXPECT_FALSE(set.skips("/w", "build"));
  set.add_ignored("/w/build");
  set.add_nested("/w/nested");
  EXPECT_TRUE(set.skips("/w", "build"));
  EXPECT_FALSE(set.skips("/w/src", "build"));
  EXPECT_TRUE(set.skips("/w", "nested"));
  EXPECT_EQ(set.replace_ignored({"/w/dist"}), std::vector<std::string>{"/w/build"});
  EXPECT_FALSE(set.skips("/w", "build"));
  EXPECT_TRUE(set.skips("/w", "nested")) << "not a matter of ignore rules";
}

TEST(Paths, AreComparedByFolder) {
  EXPECT_TRUE(is_below("/a/b", "/a"));
  EXPECT_FALSE(is_below("/ab", "/a"));
  EXPECT_FALSE(is_below("/a", "/a"));
  EXPECT_EQ(relative_to("/a", "/a", "x"), "x");
  EXPECT_EQ(relative_to("/a", "/a/b", "x"), "b/x");
  EXPECT_EQ(relative_to("/a", "/ab", "x"), std::nullopt);
  EXPECT_EQ(absolute_below("/a", "b/"), "/a/b");
}

TEST(EventInbox, JoinsBatchesAndTurnsTooManyIntoOneOverflow) {
  testing::FakeLoop loop;
  std::vector<EventInbox::Delivery> delivered;
  const auto inbox = std::make_shared<EventInbox>(
      loop, [&](const EventInbox::Delivery& delivery) { delivered.push_back(delivery); });
  const fs_watch::Event event{1, fs_watch::Event::Kind::changed, "/d", "n"};
  inbox->put({event, event});
  inbox->put({event});
  loop.run_ready();
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].events.size(), 3U);
  EXPECT_FALSE(delivered[0].overflow);

  for (std::size_t i = 0; i <= EventInbox::kEventsMax; ++i) inbox->put({event});
  loop.run_ready();
  ASSERT_EQ(delivered.size(), 2U);
  EXPECT_TRUE(delivered[1].overflow);
  EXPECT_LT(delivered[1].events.size(), EventInbox::kEventsMax);

  inbox->put({event});
  inbox->close();
  inbox->put({event});
  loop.run_ready();
  EXPECT_EQ(delivered.size(), 2U);
}

}  // namespace
}  // namespace sb::git
