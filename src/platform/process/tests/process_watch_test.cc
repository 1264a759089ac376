#include "sb/process/process_watch.h"

#include <unistd.h>

#include <csignal>
#include <optional>

#include <gtest/gtest.h>

#include "sb/testing/child_process.h"
#include "sb/testing/fake_loop.h"

namespace sb::process {
namespace {

/// Watches a child until it ended; what the watch told.
struct Told {
  bool ended = false;
  std::optional<int> code;
};

class ProcessWatchTest : public ::testing::Test {
 protected:
  std::shared_ptr<Told> watch(const ProcessIdentity& process) {
    auto told = std::make_shared<Told>();
    auto id = watcher.watch(process, [told](std::optional<int> code) { *told = {true, code}; });
    EXPECT_TRUE(id) << (id ? "" : id.error().message);
    return told;
  }
  static ProcessIdentity identity(const testing::ChildProcess& child) {
    auto found = identify(child.pid());
    EXPECT_TRUE(found);
    return *found;
  }

  testing::FakeLoop loop;
  ProcessWatch watcher{loop};
};

TEST_F(ProcessWatchTest, AKilledProcessIsToldWithItsSignal) {
  testing::ChildProcess child({"sleep", "1000"});
  const auto told = watch(identity(child));
  child.kill_now();
  EXPECT_EQ(child.wait(), 128 + SIGKILL);
  ASSERT_TRUE(loop.run_until([&] { return told->ended; }));
  // A kernel before 6.15 knows no exit code of a process that is not our child's to ask for.
  EXPECT_EQ(told->code.value_or(128 + SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(watcher.watched(), 0U);
}

TEST_F(ProcessWatchTest, AProcessThatIsNeverCollectedIsToldWithoutACode) {
  testing::ChildProcess child({"sleep", "1000"});
  const auto told = watch(identity(child));
  child.kill_now();
  ASSERT_TRUE(loop.run_until([&] { return told->ended; }));
  EXPECT_FALSE(told->code.has_value());
  child.wait();
}

TEST_F(ProcessWatchTest, APidThatIsSomebodyElsesNowIsNotWatched) {
  testing::ChildProcess child({"sleep", "1000"});
  auto other = identity(child);
  other.start_ticks += 1;
  const auto refused = watcher.watch(other, [](std::optional<int>) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_FALSE(is_running(other));
  EXPECT_TRUE(is_running(identity(child)));
}

TEST_F(ProcessWatchTest, AnEndedProcessDoesNotRunEvenBeforeItsParentCollectsIt) {
  testing::ChildProcess child({"sleep", "1000"});
  const auto process = identity(child);
  child.kill_now();
  const auto told = watch(process);
  ASSERT_TRUE(loop.run_until([&] { return told->ended; }));
  EXPECT_FALSE(is_running(process));
  child.wait();
}

TEST_F(ProcessWatchTest, ARemovedWatchTellsNothing) {
  testing::ChildProcess child({"sleep", "1000"});
  bool told = false;
  const auto id = watcher.watch(identity(child), [&](std::optional<int>) { told = true; });
  ASSERT_TRUE(id);
  testing::ChildProcess other({"sleep", "1000"});
  const auto other_told = watch(identity(other));
  watcher.remove(*id);
  child.kill_now();
  child.wait();
  other.kill_now();
  other.wait();
  ASSERT_TRUE(loop.run_until([&] { return other_told->ended; }));
  EXPECT_FALSE(told);
}

TEST_F(ProcessWatchTest, ANewProcessIsAnotherOne) {
  testing::ChildProcess first({"sleep", "1000"});
  testing::ChildProcess second({"sleep", "1000"});
  EXPECT_NE(identity(first), identity(second));
  EXPECT_EQ(identity(first), identity(first));
  EXPECT_FALSE(identify(0));
  first.kill_now();
  second.kill_now();
  first.wait();
  second.wait();
}

}  // namespace
}  // namespace sb::process
