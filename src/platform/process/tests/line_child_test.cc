#include "sb/process/line_child.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/process/process_watch.h"
#include "sb/testing/fake_loop.h"

namespace sb::process {
namespace {

using ::testing::ElementsAre;

class LineChildTest : public ::testing::Test {
 protected:
  LineChild::Listener listener() {
    return {[this](std::string line) { add(std::move(line)); }, [this] { add("(ended)"); }};
  }
  void start(const std::vector<std::string>& argv) {
    auto made = LineChild::start(argv, {{"GREETING", "hello"}}, listener());
    ASSERT_TRUE(made) << made.error().message;
    child_ = *std::move(made);
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, testing::kTestDeadline, [&] { return lines_.size() >= count; });
    return lines_;
  }
  std::unique_ptr<LineChild> child_;

 private:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    wake_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> lines_;  // guarded by mutex_
};

TEST_F(LineChildTest, LinesGoBothWaysUntilItEnds) {
  start({"sh", "-c", "echo $GREETING; while read line; do echo got:$line; done; echo bye"});
  EXPECT_THAT(wait_for(1), ElementsAre("hello"));
  EXPECT_TRUE(child_->send("one"));
  EXPECT_TRUE(child_->send("two"));
  EXPECT_THAT(wait_for(3), ElementsAre("hello", "got:one", "got:two"));
  child_.reset();
  EXPECT_THAT(wait_for(3), ElementsAre("hello", "got:one", "got:two")) << "nobody listens any more";
}

TEST_F(LineChildTest, AnEndOfItsOwnIsToldAfterItsLastLine) {
  start({"sh", "-c", "echo last"});
  EXPECT_THAT(wait_for(2), ElementsAre("last", "(ended)"));
  // Writing to what ended is no signal.
  (void)child_->send("x");
  (void)child_->send("x");
}

TEST_F(LineChildTest, OneThatDoesNotEndWithItsInputIsKilled) {
  start({"sh", "-c", "trap '' TERM HUP; echo $$; exec sleep 1000"});
  const auto process = identify(std::stoi(wait_for(1).at(0)));
  ASSERT_TRUE(process);
  child_.reset();
  EXPECT_FALSE(is_running(*process));
}

TEST_F(LineChildTest, ALongLineIsCut) {
  start({"sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo next"});
  const auto lines = wait_for(2);
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), LineChild::kLineBytesMax);
  EXPECT_EQ(lines[1], "next");
}

TEST_F(LineChildTest, AProgramThatIsNotThereIsAnError) {
  EXPECT_EQ(LineChild::start({"/no/such/program"}, {}, listener()).error().code,
            ErrorCode::not_found);
}

}  // namespace
}  // namespace sb::process
