#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sb/fs_watch/watcher.h"
#include "sb/git/git_service.h"
#include "sb/git_cli/repository.h"
#include "sb/process/posix_runner.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/git_sandbox.h"

namespace sb::git {

/// Runs real processes, but holds those in chosen folders until they are let go.
class GatedRunner final : public ProcessRunner {
 public:
  explicit GatedRunner(Loop& loop) : loop_(loop) {}
  Result<ProcessOutput> run(const ProcessSpec& spec) override {
    {
      std::unique_lock lock(mutex_);
      ++started_[spec.cwd];
      loop_.post([] {});  // wakes a test that waits for this
      changed_.wait(lock, [&] { return !held_.contains(spec.cwd); });
    }
    return real.run(spec);
  }
  void hold(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    held_[folder] = true;
  }
  void let_go(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    held_.erase(folder);
    changed_.notify_all();
  }
  int started(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    return started_[folder];
  }

  process::PosixRunner real;

 private:
  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, bool> held_;
  std::map<std::string, int> started_;
};

/// A git service over real git, real watches and real workers, on a loop the test drives.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    repo = testing::init_repository(dir / "app");
    testing::write_file(repo + "/a.txt", "1\n2\n3\n");
    testing::write_file(repo + "/src/b.txt", "1\n");
    testing::commit_all(repo, "first");
  }
  ~ServiceTest() override {
    service.reset();
    workers.stop();
  }

  void start(std::size_t directories_max = 100'000, GitOptions options = {}) {
    watcher = std::make_unique<fs_watch::Watcher>(
        fs_watch::Watcher::Options{directories_max},
        [this](const std::vector<fs_watch::Event>& events) {
          const std::lock_guard gate(watcher_gate);
          for (const auto& event : events) {
            if (event.watch == fence_watch) {
              loop.post([this, name = event.name] { fenced = name; });
            }
          }
        });
    watching = directories_max > 0;
    options.timeout = std::chrono::seconds(20);
    service = std::make_unique<GitService>(
        GitService::Deps{loop, workers, runner, *watcher, loop.clock(), counter, metrics, Logger()},
        options);
    service->listen({[this](const GitFacts& told) {
                       facts[told.id.str()] = told;
                       ++reads[told.id.str()];
                     },
                     [this](const model::ProjectId&) { ++worktrees_told; },
                     [this](const model::WorkspaceId& told) { ++moves[told.str()]; }});
    service->track_project(project, repo + "/.git");
  }

  std::string add_worktree(const std::string& name) {
    testing::git(repo, {"worktree", "add", "-q", "-b", name, dir / name});
    return dir / name;
  }

  /// Tracks a worktree under its folder's name.
  void track(const std::string& path) {
    const auto repository = git_cli::discover(repo);
    ASSERT_TRUE(repository);
    const auto records = git_cli::list_worktrees(*repository);
    ASSERT_TRUE(records);
    for (const auto& record : *records) {
      if (record.path != path) continue;
      const auto name = path.substr(path.find_last_of('/') + 1);
      service->track(
          Worktree{id(name), project, path, record.git_dir, repository->common_dir, std::nullopt});
      return;
    }
    FAIL() << path << " is not listed";
  }

  static model::WorkspaceId id(const std::string& name) { return model::WorkspaceId(name); }

  [[nodiscard]] bool eventually(const std::function<bool()>& condition) {
    return loop.run_until(condition);
  }

  /// Runs until nothing is under way: events so far are handled, debounces over, workers free, and
  /// a second look agrees. Fails when the service never comes to rest.
  void settle() {
    int calm = 0;
    for (int round = 0; round < 200 && calm < 2; ++round) {
      const auto before = std::make_pair(runner.real.spawned(), watcher->directories());
      fence_events();
      loop.advance(std::chrono::seconds(1));
      fence_workers();
      loop.run_ready();
      calm = before == std::make_pair(runner.real.spawned(), watcher->directories()) ? calm + 1 : 0;
    }
    ASSERT_EQ(calm, 2) << "never came to rest";
  }

  /// Returns when every event so far has reached the loop.
  void fence_events() {
    if (!watching) return fence_refusals();
    if (fence_watch == 0) fence_watch = watcher->watch_directory(fence.str());
    const std::string name = std::to_string(++fence_count);
    for (int attempt = 0; attempt < 200;
         ++attempt) {  // until the fence is watched, files go unnoticed
      testing::write_file(fence / name, "");
      if (loop.run_until([&] { return fenced == name; }, std::chrono::milliseconds(100))) return;
    }
    FAIL() << "no event arrives";
  }

  /// Without watches: the watcher refuses them in order, so that one more tells when it is through.
  void fence_refusals() {
    for (int attempt = 0; attempt < 200; ++attempt) {  // a refusal before its id is known is missed
      fenced = "none";
      fence_watch = watcher->watch_directory(fence.str());
      const bool told =
          loop.run_until([&] { return fenced.empty(); }, std::chrono::milliseconds(100));
      watcher->remove(fence_watch);
      if (told) return;
    }
    FAIL() << "no refusal arrives";
  }

  void fence_workers() {
    const auto busy = std::make_shared<std::latch>(kWorkers);
    const auto done = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < kWorkers; ++i) {
      workers.submit([this, busy, done] {
        busy->arrive_and_wait();  // both threads are here: nothing else runs
        ++*done;
        loop.post([] {});
      });
    }
    ASSERT_TRUE(loop.run_until([&] { return *done == kWorkers; }));
  }

  static constexpr int kWorkers = 2;
  testing::Sandbox dir;
  testing::TempDir fence;
  std::string repo;
  const model::ProjectId project{"project"};
  testing::FakeLoop loop;
  WorkerPool workers{kWorkers};
  GatedRunner runner{loop};
  model::OwnCounter counter;
  Metrics metrics;
  std::map<std::string, GitFacts> facts;
  std::map<std::string, int> reads;
  int worktrees_told = 0;
  std::map<std::string, int> moves;
  std::mutex watcher_gate;  ///< a test that holds it keeps the watcher from reading events
  std::atomic<fs_watch::WatchId> fence_watch{0};
  std::string fenced;
  int fence_count = 0;
  bool watching = true;
  std::unique_ptr<fs_watch::Watcher> watcher;
  std::unique_ptr<GitService> service;
};

}  // namespace sb::git
