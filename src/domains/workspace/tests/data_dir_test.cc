#include "sb/workspace/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"
#include "sb/workspace/schema.h"

#include "house.h"

namespace sb::workspace {
namespace {

using ::testing::HasSubstr;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0U;
}

TEST(DataDir, FollowsTheXdgRules) {
  EXPECT_EQ(*default_data_dir("/x", "/home/u"), "/x/snapboard");
  EXPECT_EQ(*default_data_dir(std::nullopt, "/home/u"), "/home/u/.local/share/snapboard");
  EXPECT_EQ(*default_data_dir("relative/x", "/home/u"), "/home/u/.local/share/snapboard");
  EXPECT_EQ(*default_data_dir("", "/home/u"), "/home/u/.local/share/snapboard");
  EXPECT_FALSE(default_data_dir("relative", std::nullopt));
}

TEST(DataDir, IsMadeForItsOwnerOnly) {
  const testing::TempDir dir;
  const auto made = create_data_dir((dir / "a/b/snapboard/").string());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (dir / "a/b/snapboard").string());
  EXPECT_EQ(mode_of(dir / "a"), 0700U);
  EXPECT_EQ(mode_of(*made), 0700U);
  EXPECT_EQ(*create_data_dir(*made), *made);
}

TEST(DataDir, ThatCannotBeIsExplained) {
  const testing::TempDir dir;
  testing::write_file(dir / "file", "x");
  for (const auto& path : {dir / "file", dir / "file/below"}) {
    const auto refused = create_data_dir(path.string());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused.error().message, HasSubstr(path.string()));
  }
}

TEST(DataDirLock, IsHeldByOneAndNamesItsHolder) {
  const testing::TempDir dir;
  {
    const auto first = DataDirLock::acquire(dir.str());
    ASSERT_TRUE(first) << first.error().message;
    const auto second = DataDirLock::acquire(dir.str());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_THAT(second.error().message, HasSubstr(dir.str()));
  }
  EXPECT_TRUE(DataDirLock::acquire(dir.str())) << "free again";
}

TEST(DataDirLock, MovesWithItsHolder) {
  const testing::TempDir dir;
  auto first = DataDirLock::acquire(dir.str());
  ASSERT_TRUE(first);
  const DataDirLock moved = *std::move(first);
  EXPECT_FALSE(DataDirLock::acquire(dir.str()));
}

TEST(DataDirLock, IsNotFooledByAnOldFile) {
  const testing::TempDir dir;
  testing::write_file(dir / "lock", "1\n");
  EXPECT_TRUE(DataDirLock::acquire(dir.str()));
  EXPECT_EQ(testing::read_file(dir / "lock"), std::to_string(::getpid()) + "\n");
}

TEST(Schema, RefusesAFileOfANewerVersion) {
  const testing::TempDir dir;
  {
    auto database = open_database(dir / "x.db");
    ASSERT_TRUE(
        database->execute("UPDATE schema_version SET version = ?", {migrations().size() + 1}));
  }
  auto database = sqlite::Database::open((dir / "x.db").string());
  ASSERT_TRUE(database);
  const auto refused = (*database)->migrate("workspace", migrations());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_THAT(refused.error().message, HasSubstr("newer version"));
}

}  // namespace
}  // namespace sb::workspace
