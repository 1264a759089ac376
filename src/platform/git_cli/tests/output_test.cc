#include "sb/git_cli/output.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sb/testing/temp_dir.h"

namespace sb::git_cli {
namespace {

using namespace std::string_literals;

std::string fixture(const std::string& name) {
  return testing::read_file(SB_SOURCE_DIR "/src/platform/git_cli/tests/fixtures/" + name);
}

TEST(StatusV2, ReadsHeadersAndEveryKindOfRecord) {
  const auto status = parse_status_v2(fixture("git-status-v2.z"));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->oid, "f611170b683c5dcd356e7a481fbf07bbbbbd5c17");
  EXPECT_EQ(status->branch, "feat/api");
  EXPECT_EQ(status->upstream, "origin/feat/api");
  EXPECT_EQ(status->ahead, 1);
  EXPECT_EQ(status->behind, 0);
  EXPECT_EQ(status->changed, 5U);
  EXPECT_EQ(status->staged, 2U);
  EXPECT_EQ(status->unmerged, 0U);
  EXPECT_EQ(status->untracked, (std::vector<std::string>{"new.txt", "sub/i.txt"}));
}

TEST(StatusV2, ReadsRenamesAsTwoFilesWhereDetectionIsOff) {
  const auto status = parse_status_v2(fixture("git-status-v2-norenames.z"));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->changed, 6U);
  EXPECT_EQ(status->staged, 3U);
  EXPECT_EQ(status->untracked, (std::vector<std::string>{"new.txt", "sub/"}));
}

TEST(StatusV2, ReadsConflicts) {
  const auto status = parse_status_v2(fixture("git-status-v2-conflict.z"));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->branch, "feat/lock");
  EXPECT_EQ(status->unmerged, 1U);
  EXPECT_EQ(status->changed, 1U);
  EXPECT_EQ(status->upstream, std::nullopt);
  EXPECT_EQ(status->ahead, std::nullopt);
}

TEST(StatusV2, ReadsDetachedAndUnbornHeads) {
  const auto detached = parse_status_v2(fixture("git-status-v2-detached.z"));
  ASSERT_TRUE(detached) << detached.error().message;
  EXPECT_EQ(detached->branch, std::nullopt);
  EXPECT_EQ(detached->oid, "640690cb5200f118b474dee80183768107cfd16c");
  const auto unborn = parse_status_v2(fixture("git-status-v2-unborn.z"));
  ASSERT_TRUE(unborn) << unborn.error().message;
  EXPECT_EQ(unborn->branch, "main");
  EXPECT_EQ(unborn->oid, std::nullopt);
}

TEST(StatusV2, KeepsOddPathsAndIgnoresUnknownHeaders) {
  const auto status =
      parse_status_v2("# stash 3\0# branch.ab +? -?\0? a\nb \"c\"\t\xff\0! node_modules/\0"s);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->untracked, std::vector<std::string>{"a\nb \"c\"\t\xff"});
  EXPECT_EQ(status->ignored, std::vector<std::string>{"node_modules/"});
  EXPECT_EQ(status->ahead, std::nullopt);
}

TEST(StatusV2, RefusesWhatIsNotStatus) {
  for (const auto& bytes : {"? cut off"s, "x unknown\0"s, "\0"s, "1 .M N... 1 2 3\0"s,
                            "2 R. N... 1 2 3 4 5 R100 new\0"s, "1 M N... 1 2 3 4 5 path\0"s}) {
    EXPECT_FALSE(parse_status_v2(bytes)) << bytes;
  }
  EXPECT_TRUE(parse_status_v2(""));
}

TEST(Numstat, ReadsWithAndWithoutRenames) {
  const auto plain = parse_numstat(fixture("git-diff-index-numstat.z"));
  ASSERT_TRUE(plain) << plain.error().message;
  ASSERT_EQ(plain->size(), 6U);
  EXPECT_EQ((*plain)[0].path, "a.txt");
  EXPECT_EQ((*plain)[0].added, 3);
  EXPECT_EQ((*plain)[0].deleted, 1);
  EXPECT_EQ((*plain)[3].path, "img.bin");
  EXPECT_EQ((*plain)[3].added, std::nullopt);
  EXPECT_EQ((*plain)[4].path, "new name.txt");

  const auto renames = parse_numstat(fixture("git-diff-index-numstat-renames.z"));
  ASSERT_TRUE(renames) << renames.error().message;
  ASSERT_EQ(renames->size(), 5U);
  EXPECT_EQ((*renames)[4].old_path, "old name.txt");
  EXPECT_EQ((*renames)[4].path, "new name.txt");
  EXPECT_EQ((*renames)[4].added, 0);

  const auto conflict = parse_numstat(fixture("git-diff-index-numstat-conflict.z"));
  ASSERT_TRUE(conflict) << conflict.error().message;
  ASSERT_EQ(conflict->size(), 1U);
  EXPECT_EQ(conflict->front().added, 6);
}

TEST(Numstat, SplitsAtTheFirstTwoTabsOnly) {
  const auto lines = parse_numstat("1\t2\ta\tb\nc\0-\t-\t\0old\tx\0new\ny\0"s);
  ASSERT_TRUE(lines) << lines.error().message;
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[0].path, "a\tb\nc");
  EXPECT_EQ((*lines)[1].old_path, "old\tx");
  EXPECT_EQ((*lines)[1].path, "new\ny");
}

TEST(Numstat, RefusesWhatIsNotNumstat) {
  for (const auto& bytes :
       {"1\t2\tcut off"s, "1\t2\0"s, "x\t2\tpath\0"s, "-\t2\tpath\0"s, "-1\t2\tpath\0"s,
        "1\t2\t\0only one\0"s, "99999999999999999999\t1\tpath\0"s, "\0"s}) {
    EXPECT_FALSE(parse_numstat(bytes)) << bytes;
  }
}

TEST(Paths, AreNulEnded) {
  const auto paths = parse_paths("a b\0c\nd\0"s);
  ASSERT_TRUE(paths);
  EXPECT_EQ(*paths, (std::vector<std::string>{"a b", "c\nd"}));
  EXPECT_TRUE(parse_paths(""));
  EXPECT_FALSE(parse_paths("a"));
  EXPECT_FALSE(parse_paths("\0"s));
}

RC_GTEST_PROP(Output, NoBytesCanHurtTheParsers, (const std::string& bytes)) {
  static_cast<void>(parse_status_v2(bytes).has_value());
  static_cast<void>(parse_numstat(bytes).has_value());
  static_cast<void>(parse_paths(bytes).has_value());
}

RC_GTEST_PROP(Output, DamagedFixturesNeverHurt, ()) {
  static const std::string status = fixture("git-status-v2.z");
  static const std::string numstat = fixture("git-diff-index-numstat-renames.z");
  auto bytes = *rc::gen::element(status, numstat);
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = *rc::gen::arbitrary<char>();
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  static_cast<void>(parse_status_v2(bytes).has_value());
  static_cast<void>(parse_numstat(bytes).has_value());
}

}  // namespace
}  // namespace sb::git_cli
