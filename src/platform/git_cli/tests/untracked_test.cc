#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "sb/git_cli/worktree_reader.h"
#include "sb/testing/git_sandbox.h"

#include "line_count.h"

namespace sb::git_cli {
namespace {

using namespace std::string_literals;
using testing::Sandbox;
using testing::write_file;

TEST(Untracked, CountsLinesAsGitWould) {
  const Sandbox dir;
  write_file(dir / "two", "a\nb\n");
  write_file(dir / "open end", "a\nb");
  write_file(dir / "empty", "");
  write_file(dir / "binary", "a\nb\0c\n"s);
  write_file(dir / "late nul", std::string(9000, '\n') + "\0"s);
  std::filesystem::create_symlink("two", dir / "link");
  const auto count = [&](std::vector<std::string> paths) {
    return count_untracked(dir.path(), paths);
  };
  EXPECT_EQ(count({"two"}).lines, 2);
  EXPECT_EQ(count({"open end"}).lines, 2);
  EXPECT_EQ(count({"empty"}).lines, 0);
  EXPECT_EQ(count({"binary"}).lines, 0);
  EXPECT_EQ(count({"late nul"}).lines, 9001);
  EXPECT_EQ(count({"link"}).lines, 1);
  EXPECT_EQ(count({"two", "open end", "empty", "binary", "nested/"}).files, 4);
}

TEST(Untracked, IsNotStoppedByWhatCannotBeRead) {
  const Sandbox dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  write_file(dir / "huge", std::string(WorktreeReader::kUntrackedFileBytesMax + 1, '\n'));
  const auto count = count_untracked(dir.path(), {"pipe", "huge", "absent"});
  EXPECT_EQ(count.files, 3);
  EXPECT_EQ(count.lines, 0);
}

TEST(Untracked, CountsWhatGitItselfCounts) {
  const Sandbox dir;
  const auto repo = testing::init_repository(dir / "app");
  write_file(repo + "/a", "1\n2\n3");
  write_file(repo + "/b", "\n");
  write_file(repo + "/c", "x\0\n"s);
  std::filesystem::create_symlink("nowhere", repo + "/d");
  const auto ours = count_untracked(repo, {"a", "b", "c", "d"});
  testing::git(repo, {"add", "-A"});
  EXPECT_EQ(testing::git(repo, {"diff", "--cached", "--shortstat"}),
            " 4 files changed, " + std::to_string(ours.lines) + " insertions(+)");
}

}  // namespace
}  // namespace sb::git_cli
