#include "journal_queue.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/temp_dir.h"
#include "sb/workspace/schema.h"

#include "ingest_fixture.h"

namespace sb::orchestration {
namespace {

using model::Facts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

JournalStep named(std::string workspace, std::string name, std::uint64_t sequence = 1) {
  JournalStatement statement;
  statement.workspace = model::WorkspaceId(std::move(workspace));
  statement.source = "agent";
  statement.stamp = {1, sequence, 0};
  statement.facts.set<&Facts::name>(std::move(name));
  statement.accepted = statement.facts.present;
  JournalStep step;
  step.said.push_back(std::move(statement));
  return step;
}

std::string text(const workspace::JournalFact& row) {
  return fmt::format("{}/{}/{}@{}={}", row.workspace.view(), row.source, row.key,
                     row.stamp.sequence, row.value);
}

class JournalQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = sqlite::Database::open(path());
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->migrate("workspace", workspace::migrations()));
    writer_.emplace(*std::move(database));
    journal_.emplace(loop_, *writer_, Logger());
    queue_ = std::make_shared<JournalQueue>(loop_, *journal_, Logger());
  }
  [[nodiscard]] std::string path() const { return (dir_ / "q.db").string(); }
  /// Notes how it ended, and what the file held by then.
  JournalQueue::Done note(std::string label) {
    return [this, label = std::move(label)](const Result<void>& written) {
      told_.push_back(label + (written ? ": " + rows() : " failed"));
    };
  }
  /// As another process finds them: "workspace=value".
  [[nodiscard]] std::string rows() const {
    auto database = sqlite::Database::open(path());
    EXPECT_TRUE(database);
    testing::FakeLoop loop;
    sqlite::Writer reader(*std::move(database));
    const auto kept = workspace::Journal(loop, reader, Logger()).load();
    EXPECT_TRUE(kept);
    std::string all;
    for (const auto& row : kept->rows()) {
      all.append(all.empty() ? "" : " ").append(row.workspace).append("=").append(row.value);
    }
    return all;
  }
  bool told(std::size_t count) {
    return loop_.run_until([&] { return told_.size() == count; });
  }
  void sql(std::string_view statement) {
    ASSERT_TRUE(
        writer_->run([&](sqlite::Database& database) { return database.execute(statement); }));
  }

  testing::TempDir dir_;
  testing::FakeLoop loop_;
  std::optional<sqlite::Writer> writer_;
  std::optional<workspace::Journal> journal_;
  std::shared_ptr<JournalQueue> queue_;
  std::vector<std::string> told_;
};

TEST_F(JournalQueueTest, WhatComesWhileACommitIsUnderWayIsOneCommit) {
  queue_->add(named("a", "1"), note("first"));
  loop_.run_ready();
  queue_->add(named("b", "1"), note("second"));
  queue_->add(named("b", "2", 2), note("third"));
  queue_->add(named("c", "1"), note("fourth"));
  EXPECT_GE(queue_->waiting(), 3U);
  ASSERT_TRUE(told(4));
  EXPECT_THAT(told_, ElementsAre("first: a=\"1\"", R"(second: a="1" b="2" c="1")",
                                 R"(third: a="1" b="2" c="1")", R"(fourth: a="1" b="2" c="1")"));
  EXPECT_EQ(queue_->waiting(), 0U);
}

TEST_F(JournalQueueTest, WhatComesInOneTurnIsOneCommit) {
  queue_->add(named("a", "1"), note("first"));
  queue_->add(named("a", "2", 2), note("second"));
  ASSERT_TRUE(told(2));
  EXPECT_THAT(told_, ElementsAre("first: a=\"2\"", "second: a=\"2\""));
}

TEST_F(JournalQueueTest, WhatComesLaterIsWrittenWhenTheTimeIsUp) {
  queue_->add(named("a", "1"), note("first"));
  ASSERT_TRUE(told(1));
  queue_->add(named("b", "1"), note("second"));
  loop_.advance(JournalQueue::kGather);
  ASSERT_TRUE(told(2));
  loop_.advance(JournalQueue::kGather);
  EXPECT_EQ(loop_.timers(), 0U) << "nothing runs on while there is nothing to write";
}

TEST_F(JournalQueueTest, NothingToWriteWaitsForWhatIsBeforeItOnly) {
  queue_->add({}, note("alone"));
  EXPECT_THAT(told_, ElementsAre("alone: "));
  queue_->add(named("a", "1"), note("first"));
  queue_->add({}, note("behind it"));
  ASSERT_TRUE(told(3));
  EXPECT_THAT(told_, ElementsAre("alone: ", "first: a=\"1\"", "behind it: a=\"1\""));
}

TEST_F(JournalQueueTest, WhatCouldNotBeWrittenGoesFirstNextTime) {
  sql("ALTER TABLE fact_log RENAME TO away");
  queue_->add(named("a", "1"), note("first"));
  queue_->add(named("b", "1"), note("second"));
  ASSERT_TRUE(told(2));
  sql("ALTER TABLE away RENAME TO fact_log");
  queue_->add(named("a", "2", 2), note("third"));
  ASSERT_TRUE(told(3));
  EXPECT_THAT(told_, ElementsAre("first failed", "second failed", R"(third: b="1" a="2")"));
}

TEST_F(JournalQueueTest, NothingOfWhatCouldNotBeWrittenIsLostAndAllOfItCounts) {
  sql("ALTER TABLE fact_log RENAME TO away");
  for (std::size_t i = 0; i < 3; ++i) {
    queue_->add(named(std::to_string(i), "1"), note("not yet"));
    ASSERT_TRUE(told(i + 1));
    loop_.advance(JournalQueue::kGather);
  }
  EXPECT_EQ(queue_->waiting(), 3U) << "whoever lets more in has to see it";
  queue_->retry(note("again"));
  ASSERT_TRUE(told(4));
  EXPECT_EQ(told_.back(), "again failed");
  sql("ALTER TABLE away RENAME TO fact_log");
  loop_.advance(JournalQueue::kGather);
  queue_->retry(note("at last"));
  ASSERT_TRUE(told(5));
  EXPECT_EQ(told_.back(), R"(at last: 0="1" 1="1" 2="1")");
  EXPECT_EQ(queue_->waiting(), 0U);
}

TEST_F(JournalQueueTest, ATrialWithNothingToWriteTellsWhetherOneCanWrite) {
  const auto written = [&] { return std::filesystem::file_size(path() + "-wal"); };
  sql("CREATE TRIGGER no BEFORE INSERT ON fact_log BEGIN SELECT RAISE(FAIL, 'no'); END");
  queue_->retry(note("trial"));
  ASSERT_TRUE(told(1));
  EXPECT_NE(journal_->trouble(), "");
  sql("DROP TRIGGER no");
  loop_.advance(JournalQueue::kGather);
  const auto before = written();
  queue_->retry(note("trial"));
  ASSERT_TRUE(told(2));
  EXPECT_GT(written(), before) << "what does not reach the disk tells nothing of it";
  EXPECT_EQ(journal_->trouble(), "");
  EXPECT_THAT(told_, ElementsAre("trial failed", "trial: "));
}

TEST_F(JournalQueueTest, AnOrderlyEndMakesRows) {
  queue_->add(named("a", "1"), note("first"));
  ASSERT_TRUE(told(1));
  queue_->add(named("b", "1"), note("second"));
  queue_->stop();
  journal_.reset();
  writer_.reset();
  auto reader = sqlite::Database::open(path());
  ASSERT_TRUE(reader);
  std::vector<std::string> found;
  ASSERT_TRUE((*reader)->query("SELECT workspace FROM external_fact ORDER BY written", {},
                               [&](const sqlite::Row& row) { found.push_back(row.text(0)); }));
  EXPECT_THAT(found, ElementsAre("a", "b"));
}

TEST_F(JournalQueueTest, WhatCouldNotBeWrittenIsTriedOnceMoreAtTheEnd) {
  sql("ALTER TABLE fact_log RENAME TO away");
  queue_->add(named("a", "1"), note("first"));
  ASSERT_TRUE(told(1));
  sql("ALTER TABLE away RENAME TO fact_log");
  queue_->stop();
  journal_.reset();
  writer_.reset();
  EXPECT_EQ(rows(), R"(a="1")");
}

TEST_F(JournalQueueTest, WritesWhatItHoldsWhenItStops) {
  queue_->add(named("a", "1"), note("first"));
  queue_->add(named("b", "1"), note("second"));
  queue_->stop();
  journal_.reset();
  writer_.reset();  // as a server that ends: nobody is told
  EXPECT_EQ(rows(), R"(a="1" b="1")");
  EXPECT_THAT(told_, IsEmpty());
}

// Whatever is said, several steps as one leave what they leave one after the other.
TEST(JournalStepTest, SeveralStepsAsOneLeaveTheSameRows) {
  std::mt19937_64 random(7);
  const auto draw = [&](std::uint64_t below) { return random() % below; };
  for (int run = 0; run < 500; ++run) {
    KeptJournal one_by_one;
    KeptJournal at_once;
    JournalStep all;
    std::uint64_t sequence = 10;
    for (auto steps = 1 + draw(6); steps > 0; --steps) {
      JournalStep step;
      if (draw(6) == 0) step.epochs.emplace_back("agent", std::to_string(draw(3)));
      for (auto statements = 1 + draw(3); statements > 0; --statements) {
        JournalStatement said;
        said.workspace = model::WorkspaceId(draw(2) == 0 ? "v" : "w");
        said.source = draw(3) == 0 ? "other" : "agent";
        said.stamp = {1, ++sequence, 0};
        const auto value = std::to_string(sequence);
        switch (draw(6)) {
          case 0:
            step.forget_all_of(said.workspace);
            said.removal = draw(2) == 0;
            break;
          case 1:
            said.stamp.sequence -= draw(8);  // an element may be late
            said.elements = true;
            said.facts.sessions.upserts.emplace_back().sessionId = draw(2) == 0 ? "s" : "t";
            break;
          case 2:
            said.stamp.sequence -= draw(8);
            said.elements = true;
            said.facts.sessions.whole = draw(2) == 0;
            said.facts.sessions.removals.emplace_back("s");
            break;
          default:
            said.facts.set<&Facts::name>(value);
            if (draw(2) == 0) said.facts.set<&Facts::branchName>(value);
            said.accepted = said.facts.present;
        }
        if (said.row_count() != 0) step.said.push_back(std::move(said));
      }
      one_by_one.write(step);
      all.append(std::move(step));
    }
    at_once.write(all);
    std::string expected;
    std::string found;
    for (const auto& row : one_by_one.facts()) expected += text(row) + "\n";
    for (const auto& row : at_once.facts()) found += text(row) + "\n";
    ASSERT_EQ(found, expected) << "run " << run;
    ASSERT_EQ(at_once.contents().source_epochs, one_by_one.contents().source_epochs);
  }
}

}  // namespace
}  // namespace sb::orchestration
