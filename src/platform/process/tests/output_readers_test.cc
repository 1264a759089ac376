#include "sb/process/output_readers.h"

#include <algorithm>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/fake_loop.h"

namespace sb::process {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMany = 1'000;  // bytes, more than anything here

/// A run that wrote what the test says.
struct WrittenRun final : SupervisedRun {
  void stop() override {}
  [[nodiscard]] OutputSlice output(std::uint64_t from, std::size_t bytes_max) const override {
    const std::uint64_t begin = std::clamp<std::uint64_t>(from, gone, text.size());
    auto bytes = text.substr(begin, bytes_max);
    return {begin, begin + bytes.size(), text.size(), bytes};
  }
  void notify_beyond(std::uint64_t seen) override { wanted = seen; }
  [[nodiscard]] pid_t supervisor() const override { return 0; }

  std::string text;
  std::uint64_t gone = 0;  ///< bytes that were dropped
  std::optional<std::uint64_t> wanted;
};

class OutputReadersTest : public ::testing::Test {
 protected:
  void read(std::uint64_t from, std::chrono::milliseconds wait = 1s) {
    readers_->read(from, kMany, wait, [this](const OutputPiece& piece) {
      told_.push_back(std::to_string(piece.begin) + " " + piece.bytes +
                      (piece.over ? " over" : ""));
    });
  }
  void write(const std::string& text) {
    run_->text += text;
    readers_->came();
  }

  testing::FakeLoop loop_;
  std::shared_ptr<OutputReaders> readers_ = std::make_shared<OutputReaders>(loop_);
  std::shared_ptr<WrittenRun> run_ = std::make_shared<WrittenRun>();
  std::vector<std::string> told_;
};

TEST_F(OutputReadersTest, WhoCameBeforeTheRunHearsWhatItWritesAndThatItIsOver) {
  read(0);
  readers_->begun(run_);
  EXPECT_EQ(run_->wanted, 0U);
  EXPECT_THAT(told_, IsEmpty());
  write("one");
  EXPECT_THAT(told_, ElementsAre("0 one"));
  read(3);
  EXPECT_EQ(run_->wanted, 3U);
  readers_->end();
  EXPECT_EQ(told_.size(), 1U);
  readers_->came();
  EXPECT_THAT(told_, ElementsAre("0 one", "3  over"));
  EXPECT_EQ(loop_.timers(), 0U);
}

TEST_F(OutputReadersTest, EachIsAnsweredOnceThereIsSomethingForIt) {
  readers_->begun(run_);
  read(6);
  read(2);
  EXPECT_EQ(run_->wanted, 2U) << "of who waits for the least";
  write("abcd");
  EXPECT_THAT(told_, ElementsAre("2 cd"));
  EXPECT_EQ(run_->wanted, 6U);
  write("efg");
  EXPECT_THAT(told_, ElementsAre("2 cd", "6 g"));
}

TEST_F(OutputReadersTest, WhatWasDroppedIsSkipped) {
  run_->text = "abcdef";
  run_->gone = 4;
  readers_->begun(run_);
  read(0);
  EXPECT_THAT(told_, ElementsAre("4 ef"));
}

TEST_F(OutputReadersTest, AWaitEndsWithItsTimeAndWithNoTimeItIsNone) {
  readers_->begun(run_);
  read(0, 0ms);
  EXPECT_THAT(told_, ElementsAre("0 "));
  read(0, 10s);
  loop_.advance(9s);
  EXPECT_EQ(told_.size(), 1U);
  loop_.advance(2s);
  EXPECT_THAT(told_, ElementsAre("0 ", "0 "));
}

TEST_F(OutputReadersTest, BeyondSoManyNobodyWaits) {
  readers_->begun(run_);
  for (std::size_t i = 0; i < OutputReaders::kWaitersMax; ++i) read(0);
  EXPECT_THAT(told_, IsEmpty());
  read(0);
  EXPECT_THAT(told_, ElementsAre("0 "));
}

TEST_F(OutputReadersTest, AfterAStopNobodyIsAnswered) {
  readers_->begun(run_);
  read(0);
  readers_->stop();
  write("late");
  loop_.advance(2s);
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace sb::process
