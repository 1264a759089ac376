#include "sb/sqlite/submit.h"

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

namespace sb::sqlite {
namespace {

/// Whoever posts waits until the task has run and is gone: the loop is always the faster one.
class HastyLoop final : public Loop {
 public:
  void post(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    task_ = std::move(task);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !task_; });
  }
  TimerId after(std::chrono::nanoseconds, std::function<void()>) override { return 1; }
  void cancel(TimerId) override {}
  void run_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return task_ != nullptr; });
    task_();
    task_ = nullptr;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;
};

class SubmitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open((dir_ / "s.db").string());
    ASSERT_TRUE(opened) << opened.error().message;
    writer_ = std::make_unique<Writer>(*std::move(opened));
  }
  testing::TempDir dir_;
  HastyLoop loop_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(SubmitTest, TellsOnTheLoopWhatTheJobReturned) {
  const auto owner = std::make_shared<int>();
  std::optional<int> told;
  submit<int>(
      loop_, *writer_, owner, [](Database&) -> Result<int> { return 7; },
      [&](const Result<int>& value) { told = value.value(); });
  loop_.run_one();
  EXPECT_EQ(told, 7);
}

TEST_F(SubmitTest, TellsNobodyWhoseOwnerDied) {
  auto owner = std::make_shared<int>();
  bool told = false;
  submit<int>(
      loop_, *writer_, owner, [](Database&) -> Result<int> { return 7; },
      [&](const Result<int>&) { told = true; });
  owner.reset();
  loop_.run_one();
  EXPECT_FALSE(told);
}

// A continuation may do something when it ends, which is the loop's as well.
TEST_F(SubmitTest, WhatTheContinuationHoldsEndsOnTheLoop) {
  const auto owner = std::make_shared<int>();
  std::promise<std::thread::id> ended;
  submit<int>(
      loop_, *writer_, owner, [](Database&) -> Result<int> { return 7; },
      [token = std::shared_ptr<void>(nullptr, [&](void*) {
         ended.set_value(std::this_thread::get_id());
       })](const Result<int>&) {});
  loop_.run_one();
  EXPECT_EQ(ended.get_future().get(), std::this_thread::get_id());
}

}  // namespace
}  // namespace sb::sqlite
