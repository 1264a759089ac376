#include "sb/fs_watch/watcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "sb/testing/fake_loop.h"
#include "sb/testing/temp_dir.h"

namespace sb::fs_watch {
namespace {

using Kind = Event::Kind;
using testing::TempDir;
using testing::write_file;

/// Collects what a watcher tells; a test waits for what it expects.
class Recorder {
 public:
  void take(const std::vector<Event>& events) {
    {
      const std::lock_guard lock(mutex_);
      events_.insert(events_.end(), events.begin(), events.end());
    }
    arrived_.notify_all();
  }

  template <class Condition>
  bool wait_for(const Condition& condition) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, testing::kTestDeadline, [&] {
      return std::any_of(events_.begin(), events_.end(), condition);
    });
  }
  bool wait_for(WatchId watch, Kind kind) {
    return wait_for([=](const Event& event) { return event.watch == watch && event.kind == kind; });
  }
  bool wait_for_name(WatchId watch, Kind kind, const std::string& name) {
    return wait_for([=](const Event& event) {
      return event.watch == watch && event.kind == kind && event.name == name;
    });
  }

  std::size_t count(WatchId watch, Kind kind) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        events_.begin(), events_.end(),
        [&](const Event& event) { return event.watch == watch && event.kind == kind; }));
  }
  /// The changed names, without the files of `settle`.
  std::set<std::string> names(WatchId watch) {
    const std::lock_guard lock(mutex_);
    std::set<std::string> result;
    for (const Event& event : events_) {
      if (event.watch == watch && event.kind == Kind::changed &&
          !event.name.starts_with("settled-")) {
        result.insert(event.name);
      }
    }
    return result;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Event> events_;
};

bool watch_all(std::string_view, std::string_view) {
  return false;
}

class WatcherTest : public ::testing::Test {
 protected:
  std::string operator/(const std::string& name) const { return (dir / name).string(); }
  static void make(const std::string& path) { std::filesystem::create_directories(path); }

  /// After this, everything that happened before has been told: a file made in a watched directory
  /// is told after it.
  void settle(WatchId watch, const std::string& directory) {
    const std::string name = "settled-" + std::to_string(++settled);
    write_file(directory + "/" + name, "");
    ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, name));
  }

  TempDir dir;
  Recorder recorder;
  int settled = 0;
  Watcher watcher{{}, [this](const std::vector<Event>& events) { recorder.take(events); }};
};

TEST_F(WatcherTest, TellsWhatHappensInADirectoryButNotBelowIt) {
  make(*this / "sub");
  const auto watch = watcher.watch_directory(dir.str());
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  EXPECT_EQ(watcher.directories(), 1U);
  write_file(*this / "sub/below", "x");
  write_file(*this / "file", "x");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, "file"));
  std::filesystem::rename(*this / "file", *this / "renamed");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, "renamed"));
  std::filesystem::remove(*this / "renamed");
  settle(watch, dir.str());
  EXPECT_EQ(recorder.count(watch, Kind::directory_created), 0U);
  EXPECT_EQ(recorder.count(watch, Kind::root_gone), 0U);
}

TEST_F(WatcherTest, TellsNamesAsTheKernelGaveThem) {
  const auto watch = watcher.watch_directory(dir.str());
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  const std::string odd = "a\n\"b\xff";
  write_file(*this / odd, "x");
  EXPECT_TRUE(recorder.wait_for(
      [&](const Event& event) { return event.name == odd && event.directory == dir.str(); }));
}

TEST_F(WatcherTest, FollowsATreeAndWhatIsMadeInItLater) {
  make(*this / "a/b");
  const auto watch = watcher.watch_tree(dir.str(), watch_all);
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  EXPECT_EQ(watcher.directories(), 3U);
  write_file(*this / "a/b/deep", "x");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, "deep"));
  make(*this / "c/d/e/f");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::directory_created, "f"));
  write_file(*this / "c/d/e/f/new", "x");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, "new"));
  EXPECT_EQ(watcher.directories(), 7U);
  EXPECT_EQ(recorder.count(watch, Kind::directory_created), 4U);
}

TEST_F(WatcherTest, NoticesAFileThatIsWrittenWithoutEverBeingClosed) {
  write_file(*this / "log", "");
  const auto watch = watcher.watch_tree(dir.str(), watch_all);
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  const int file = ::open((*this / "log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_EQ(::write(file, "x", 1), 1);
  EXPECT_TRUE(recorder.wait_for_name(watch, Kind::changed, "log"));
  ::close(file);
}

TEST_F(WatcherTest, NeverLooksIntoWhatIsSkipped) {
  make(*this / "node_modules/left-pad");
  make(*this / "src");
  const auto watch = watcher.watch_tree(
      dir.str(), [](std::string_view, std::string_view name) { return name == "node_modules"; });
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  EXPECT_EQ(watcher.directories(), 2U);
  make(*this / "src/node_modules/x");
  write_file(*this / "node_modules/left-pad/index.js", "x");
  settle(watch, *this / "src");
  EXPECT_EQ(watcher.directories(), 2U);
  EXPECT_EQ(recorder.count(watch, Kind::directory_created), 0U);
  EXPECT_EQ(recorder.names(watch), std::set<std::string>());
}

TEST_F(WatcherTest, KeepsUpWithDirectoriesThatMove) {
  make(*this / "a/b/c");
  make(*this / "elsewhere");
  const auto watch = watcher.watch_tree(
      dir.str(), [](std::string_view, std::string_view name) { return name == "elsewhere"; });
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  std::filesystem::rename(*this / "a", *this / "z");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::directory_created, "c"));
  write_file(*this / "z/b/c/file", "x");
  EXPECT_TRUE(recorder.wait_for([&](const Event& event) {
    return event.name == "file" && event.directory == *this / "z/b/c";
  }));
  EXPECT_EQ(watcher.directories(), 4U);
  std::filesystem::rename(*this / "z", *this / "elsewhere/z");
  settle(watch, dir.str());
  write_file(*this / "elsewhere/z/b/c/unseen", "x");
  settle(watch, dir.str());
  EXPECT_EQ(watcher.directories(), 1U);
  EXPECT_EQ(recorder.count(watch, Kind::root_gone), 0U);
}

TEST_F(WatcherTest, DropsDeletedDirectories) {
  make(*this / "a/b/c");
  const auto watch = watcher.watch_tree(dir.str(), watch_all);
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  std::filesystem::remove_all(*this / "a");
  settle(watch, dir.str());
  EXPECT_EQ(watcher.directories(), 1U);
  make(*this / "a/b");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::directory_created, "b"));
  EXPECT_EQ(watcher.directories(), 3U);
}

TEST_F(WatcherTest, PrunesAndRemoves) {
  make(*this / "keep/x");
  make(*this / "drop/y/z");
  make(*this / "drop-not");
  const auto watch = watcher.watch_tree(dir.str(), watch_all);
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  EXPECT_EQ(watcher.directories(), 7U);
  watcher.prune(watch, *this / "drop");
  settle(watch, dir.str());
  EXPECT_EQ(watcher.directories(), 4U);
  recorder.clear();
  write_file(*this / "drop/y/z/file", "x");
  write_file(*this / "drop-not/file2", "x");
  ASSERT_TRUE(recorder.wait_for_name(watch, Kind::changed, "file2"));
  EXPECT_EQ(recorder.names(watch), std::set<std::string>{"file2"});

  const auto other = watcher.watch_directory(dir.str());
  ASSERT_TRUE(recorder.wait_for(other, Kind::installed));
  EXPECT_EQ(watcher.directories(), 4U) << "one inotify watch serves both";
  watcher.remove(watch);
  settle(other, dir.str());
  EXPECT_EQ(watcher.directories(), 1U);
  recorder.clear();
  write_file(*this / "keep/x/file", "x");
  settle(other, dir.str());
  EXPECT_EQ(recorder.names(watch), std::set<std::string>());
}

TEST_F(WatcherTest, SaysOnceWhenTheRootIsGone) {
  make(*this / "root/a");
  make(*this / "other");
  const auto absent = watcher.watch_tree(*this / "absent", watch_all);
  EXPECT_TRUE(recorder.wait_for(absent, Kind::root_gone));
  const auto tree = watcher.watch_tree(*this / "root", watch_all);
  const auto single = watcher.watch_directory(*this / "other");
  ASSERT_TRUE(recorder.wait_for(single, Kind::installed));
  std::filesystem::remove_all(*this / "root");
  std::filesystem::rename(*this / "other", *this / "moved");
  EXPECT_TRUE(recorder.wait_for(tree, Kind::root_gone));
  EXPECT_TRUE(recorder.wait_for(single, Kind::root_gone));
  const auto parent = watcher.watch_directory(dir.str());
  ASSERT_TRUE(recorder.wait_for(parent, Kind::installed));
  settle(parent, dir.str());
  EXPECT_EQ(recorder.count(tree, Kind::root_gone), 1U);
  EXPECT_EQ(recorder.count(single, Kind::root_gone), 1U);
  EXPECT_EQ(watcher.directories(), 1U);
}

TEST_F(WatcherTest, DoesNotFollowSymbolicLinks) {
  make(*this / "outside/deep");
  make(*this / "root");
  std::filesystem::create_directory_symlink(*this / "outside", *this / "root/link");
  std::filesystem::create_directory_symlink(*this / "root", *this / "root/loop");
  std::filesystem::create_directory_symlink(*this / "root", *this / "alias");
  const auto watch = watcher.watch_tree(*this / "alias", watch_all);
  ASSERT_TRUE(recorder.wait_for(watch, Kind::installed));
  EXPECT_EQ(watcher.directories(), 1U);
}

TEST(WatcherBudget, IsNeverExceededAndTheOthersKeepTheirWatches) {
  const TempDir dir;
  for (int i = 0; i < 20; ++i) {
    std::filesystem::create_directories(dir / "big" / std::to_string(i));
  }
  std::filesystem::create_directories(dir / "small/a");
  Recorder recorder;
  Watcher watcher({.directories_max = 10},
                  [&](const std::vector<Event>& events) { recorder.take(events); });
  const auto small = watcher.watch_tree((dir / "small").string(), watch_all);
  ASSERT_TRUE(recorder.wait_for(small, Kind::installed));
  const auto big = watcher.watch_tree((dir / "big").string(), watch_all);
  ASSERT_TRUE(recorder.wait_for(big, Kind::degraded));
  ASSERT_TRUE(recorder.wait_for(big, Kind::installed));
  EXPECT_LE(watcher.directories(), 3U);
  EXPECT_EQ(recorder.count(big, Kind::degraded), 1U);
  write_file(dir / "small/a/file", "x");
  EXPECT_TRUE(recorder.wait_for_name(small, Kind::changed, "file"));
  EXPECT_EQ(recorder.count(small, Kind::degraded), 0U);
}

TEST(WatcherOverflow, IsToldToEveryWatchAndNothingStaysUnwatched) {
  constexpr int kFiles = 12'000;  // two events each and more: above max_queued_events
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int queued_max = 0;
  limit >> queued_max;
  if (queued_max > kFiles) GTEST_LOG_(INFO) << "the queue holds " << queued_max << " events";
  const TempDir dir;
  std::filesystem::create_directories(dir / "tree");
  std::filesystem::create_directories(dir / "single");
  Recorder recorder;
  std::promise<void> release;
  auto released = release.get_future().share();
  Watcher watcher({}, [&](const std::vector<Event>& events) {
    recorder.take(events);
    if (events.front().name == "first") released.wait();
  });
  const auto single = watcher.watch_directory((dir / "single").string());
  const auto tree = watcher.watch_tree((dir / "tree").string(), watch_all);
  ASSERT_TRUE(recorder.wait_for(tree, Kind::installed));
  write_file(dir / "single/first", "x");
  ASSERT_TRUE(recorder.wait_for_name(single, Kind::changed, "first"));
  for (int i = 0; i < std::max(kFiles, queued_max); ++i) {
    write_file(dir / "tree" / std::to_string(i), "");
  }
  std::filesystem::create_directories(dir / "tree/late/er");
  release.set_value();
  EXPECT_TRUE(recorder.wait_for(tree, Kind::overflow));
  EXPECT_TRUE(recorder.wait_for(single, Kind::overflow));
  ASSERT_TRUE(recorder.wait_for_name(tree, Kind::directory_created, "er"));
  write_file(dir / "tree/late/er/file", "x");
  EXPECT_TRUE(recorder.wait_for_name(tree, Kind::changed, "file"));
}

TEST(WatcherEnd, ComesWhileTreesAreWalkedAndEventsArrive) {
  const TempDir dir;
  for (int i = 0; i < 100; ++i) {
    std::filesystem::create_directories(dir / std::to_string(i) / "sub");
  }
  for (int round = 0; round < 10; ++round) {
    Watcher watcher({}, [](const std::vector<Event>&) {});
    watcher.watch_tree(dir.str(), watch_all);
    write_file(dir / "file", "x");
  }
}

}  // namespace
}  // namespace sb::fs_watch
