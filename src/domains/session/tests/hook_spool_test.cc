#include "sb/session/hook_spool.h"

#include <sys/stat.h>

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sb/session/spool_intake.h"

#include "service_kit.h"

namespace sb::session {
namespace {

std::string at(std::uint64_t order) {
  HookLocators locators;
  locators.order = order;
  return format_locators(locators);
}

TEST(HookSpool, GivesBackWhatWasPutInInTheOrderInWhichItHappened) {
  const testing::TempDir dir;
  const auto path = (dir / "hooks.spool").string();
  ASSERT_TRUE(append_to_spool(path, "claude", at(2), R"({"n":2})"));
  ASSERT_TRUE(append_to_spool(path, "codex", at(1), R"({"n":1})"));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const auto hooks = take_spool(path);
  ASSERT_EQ(hooks.size(), 2U);
  EXPECT_EQ(hooks[0].agent, "codex");
  EXPECT_EQ(hooks[1].body, R"({"n":2})");
  EXPECT_EQ(take_spool(path).size(), 2U)
      << "a server that died before it told them takes them again";
  drop_taken(path);
  EXPECT_TRUE(take_spool(path).empty());
}

TEST(HookSpool, StaysBoundedAndKeepsTheNewest) {
  const testing::TempDir dir;
  const auto path = (dir / "hooks.spool").string();
  const std::string body(100'000, 'x');
  std::uint64_t order = 0;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append_to_spool(path, "claude", at(++order), body));
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    bytes += file.file_size();
  }
  EXPECT_LE(bytes, 2 * kSpoolBytesMax);
  const auto hooks = take_spool(path);
  ASSERT_FALSE(hooks.empty());
  EXPECT_EQ(hooks.back().locators.order, order);
}

TEST(HookSpool, NothingIsLostBetweenManyWritersAndAServerThatTakes) {
  const testing::TempDir dir;
  const auto path = (dir / "hooks.spool").string();
  constexpr std::uint64_t kEach = 200;
  std::vector<std::thread> writers;
  for (std::uint64_t writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&path, writer] {
      for (std::uint64_t i = 1; i <= kEach; ++i) {
        EXPECT_TRUE(append_to_spool(path, "claude", at(writer * kEach + i), "{}"));
      }
    });
  }
  std::size_t taken = 0;
  for (int i = 0; i < 20; ++i) {
    taken += take_spool(path).size();
    drop_taken(path);
  }
  for (auto& writer : writers) writer.join();
  taken += take_spool(path).size();
  EXPECT_EQ(taken, 3 * kEach);
}

TEST(HookSpool, IsTakenAtTheStartAndWheneverItIsWrittenTo) {
  const testing::TempDir dir;
  House house(dir / "house");
  fs_watch::Watcher watcher{fs_watch::Watcher::Options{}};
  WorkerPool workers(1);
  std::filesystem::create_directories(dir / "run");
  const auto path = (dir / "run/hooks.spool").string();
  const auto spool = [&](const std::string& event) {
    return append_to_spool(path, "claude", format_locators(house.locators({})),
                           House::hook("s", event, "", house.worktree()));
  };
  ASSERT_TRUE(spool("UserPromptSubmit"));
  SpoolIntake intake({house.loop(), workers, watcher, house.service(), Logger()}, path);
  intake.start();
  ASSERT_TRUE(house.loop().run_until([&] { return house.told("claude:s").has_value(); }));
  EXPECT_EQ(house.told("claude:s")->facts.activity, model::SessionRuntimeActivity::WORKING);
  ASSERT_TRUE(house.loop().run_until([&] { return watcher.directories() == 1; }));
  ASSERT_TRUE(spool("Stop"));
  ASSERT_TRUE(house.loop().run_until([&] {
    return house.told("claude:s")->facts.activity == model::SessionRuntimeActivity::IDLE;
  }));
  ASSERT_TRUE(house.loop().run_until([&] { return std::filesystem::is_empty(dir / "run"); }));
  workers.stop();
}

TEST(HookSpool, WhatCouldNotBeWrittenIsTriedAgainWithoutAnotherHook) {
  const testing::TempDir dir;
  House house(dir / "house");
  fs_watch::Watcher watcher{fs_watch::Watcher::Options{}};
  WorkerPool workers(1);
  std::filesystem::create_directories(dir / "run");
  const auto path = (dir / "run/hooks.spool").string();
  SpoolIntake intake({house.loop(), workers, watcher, house.service(), Logger()}, path);
  const auto look = [&] {
    bool looked = false;
    intake.take([&] { looked = true; });
    return house.loop().run_until([&] { return looked; });
  };
  ASSERT_TRUE(
      house.sql("CREATE TRIGGER no BEFORE INSERT ON session BEGIN SELECT RAISE(FAIL, 'no'); END"));
  ASSERT_TRUE(append_to_spool(path, "claude", format_locators(house.locators({})),
                              House::hook("s", "UserPromptSubmit", "", house.worktree())));
  ASSERT_TRUE(look());
  EXPECT_FALSE(house.told("claude:s").has_value());
  ASSERT_TRUE(house.sql("DROP TRIGGER no"));
  house.loop().advance(SpoolIntake::kRetry);
  ASSERT_TRUE(house.loop().run_until([&] { return house.told("claude:s").has_value(); }));
  ASSERT_TRUE(house.loop().run_until([&] { return std::filesystem::is_empty(dir / "run"); }));
  workers.stop();
}

}  // namespace
}  // namespace sb::session
