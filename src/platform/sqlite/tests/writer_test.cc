#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/sqlite/database.h"
#include "sb/testing/temp_dir.h"

namespace sb::sqlite {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class WriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open((dir_ / "w.db").string());
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_TRUE((*opened)->execute("CREATE TABLE item (id INTEGER PRIMARY KEY)"));
    ASSERT_TRUE((*opened)->execute("CREATE TABLE child (id INTEGER REFERENCES item)"));
    writer_ = std::make_unique<Writer>(*std::move(opened));
  }

  static auto insert(int id) {
    return
        [id](Database& database) { return database.execute("INSERT INTO item VALUES (?)", {id}); };
  }
  /// Submits, and notes the outcome under `label` when it is told.
  void submit(const std::string& label, std::function<Result<void>(Database&)> job) {
    writer_->submit(std::move(job), [this, label](const Result<void>& result) {
      const std::lock_guard lock(mutex_);
      told_.push_back(label + (result ? " ok" : " failed"));
      if (!result) errors_.push_back(result.error().message);
    });
  }
  /// Keeps the writer inside a job until `release_` is set, so that what follows is one batch.
  void hold() {
    std::promise<void> entered;
    writer_->submit(
        [&entered, held = release_.get_future().share()](Database&) {
          entered.set_value();
          held.wait();
          return Result<void>();
        },
        [](const Result<void>&) {});
    entered.get_future().wait();
  }
  std::vector<std::int64_t> ids() {
    // First see the batch end, so that this read is not part of it.
    static_cast<void>(writer_->run([](Database&) { return Result<void>(); }));
    std::vector<std::int64_t> result;
    const auto done = writer_->run([&](Database& database) {
      return database.query("SELECT id FROM item ORDER BY id", {},
                            [&](const Row& row) { result.push_back(row.integer(0)); });
    });
    EXPECT_TRUE(done);
    return result;
  }
  std::vector<std::string> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  testing::TempDir dir_;
  std::unique_ptr<Writer> writer_;
  std::promise<void> release_;
  std::mutex mutex_;
  std::vector<std::string> told_;    // guarded by mutex_
  std::vector<std::string> errors_;  // guarded by mutex_
};

TEST_F(WriterTest, RunsJobsInOrderAndTellsInOrder) {
  hold();
  for (int i = 0; i < 5; ++i) submit(std::to_string(i), insert(i));
  EXPECT_THAT(told(), ElementsAre()) << "nothing is told before its commit";
  release_.set_value();
  EXPECT_THAT(ids(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(told(), ElementsAre("0 ok", "1 ok", "2 ok", "3 ok", "4 ok"));
}

TEST_F(WriterTest, JoinsWhatWaitsIntoOneTransaction) {
  // A commit hook is not ours to set, so count the frames a reader would see: data_version changes
  // once per commit.
  auto reader = Database::open((dir_ / "w.db").string());
  ASSERT_TRUE(reader);
  const auto count = [&] {
    std::int64_t rows = -1;
    EXPECT_TRUE((*reader)->query("SELECT count(*) FROM item", {},
                                 [&](const Row& row) { rows = row.integer(0); }));
    return rows;
  };
  hold();
  constexpr int kJobs = 50;
  std::vector<std::int64_t> seen_when_told;
  for (int i = 0; i < kJobs; ++i) {
    // Whoever is told sees the rows of the whole batch, so they were committed together.
    writer_->submit(insert(i), [&](const Result<void>& result) {
      EXPECT_TRUE(result);
      seen_when_told.push_back(count());
    });
  }
  release_.set_value();
  ASSERT_TRUE(writer_->run([](Database&) { return Result<void>(); }));
  EXPECT_THAT(seen_when_told, SizeIs(kJobs));
  EXPECT_THAT(seen_when_told, Each(kJobs));
}

TEST_F(WriterTest, AFailedJobSpoilsNoNeighbourAndLeavesNothingBehind) {
  hold();
  submit("first", insert(1));
  submit("second", [](Database& database) -> Result<void> {
    SB_TRY_VOID(database.execute("INSERT INTO item VALUES (100)"));
    return database.execute("INSERT INTO item VALUES (1)");
  });
  submit("own error", [](Database& database) -> Result<void> {
    SB_TRY_VOID(database.execute("INSERT INTO item VALUES (101)"));
    return fail(ErrorCode::conflict, "lost");
  });
  submit("third", insert(3));
  release_.set_value();
  EXPECT_THAT(ids(), ElementsAre(1, 3));
  EXPECT_THAT(told(), ElementsAre("first ok", "second failed", "own error failed", "third ok"));
}

TEST_F(WriterTest, AFailedCommitFailsOnlyTheJobItIsAbout) {
  hold();
  submit("first", insert(1));
  submit("orphan", [](Database& database) -> Result<void> {
    SB_TRY_VOID(database.execute("PRAGMA defer_foreign_keys=ON"));
    return database.execute("INSERT INTO child VALUES (999)");
  });
  submit("third", insert(3));
  release_.set_value();
  EXPECT_THAT(ids(), ElementsAre(1, 3));
  EXPECT_THAT(told(), ElementsAre("first ok", "orphan failed", "third ok"));
  EXPECT_THAT(errors_, ElementsAre(HasSubstr("FOREIGN KEY constraint failed")));
  submit("later", insert(4));
  EXPECT_THAT(ids(), ElementsAre(1, 3, 4));
}

TEST_F(WriterTest, ATransactionThatSqliteGaveUpFailsOnlyTheJobItIsAbout) {
  hold();
  submit("first", insert(1));
  submit("second", [](Database& database) {
    return database.execute("INSERT OR ROLLBACK INTO item VALUES (1)");
  });
  submit("third", insert(3));
  release_.set_value();
  EXPECT_THAT(ids(), ElementsAre(1, 3));
  EXPECT_THAT(told(), ElementsAre("first ok", "second failed", "third ok"));
}

TEST_F(WriterTest, TellsOfAFullDiskUntilSomethingWasWritten) {
  const auto limit = [&](int pages) {
    return writer_->run([pages](Database& database) {
      return database.query("PRAGMA max_page_count=" + std::to_string(pages), {}, [](auto&) {});
    });
  };
  const auto fill = [](Database& database) {
    return database.execute("INSERT INTO item SELECT value FROM generate_numbers");
  };
  ASSERT_TRUE(writer_->run([](Database& database) {
    return database.execute(
        "CREATE VIEW generate_numbers AS WITH RECURSIVE n(value) AS (SELECT 10 UNION ALL SELECT "
        "value + 1 FROM n WHERE value < 100000) SELECT value FROM n");
  }));
  EXPECT_EQ(writer_->trouble(), "");
  ASSERT_TRUE(limit(1));  // SQLite takes what there is
  hold();
  submit("fits", insert(1));
  submit("too much", fill);
  release_.set_value();
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_THAT(told(), ElementsAre("fits ok", "too much failed"));
  EXPECT_THAT(writer_->trouble(), HasSubstr("database or disk is full"));
  ASSERT_TRUE(limit(1'000'000));
  EXPECT_THAT(ids(), ElementsAre(1));
  EXPECT_THAT(writer_->trouble(), HasSubstr("full")) << "it was only read";
  ASSERT_TRUE(writer_->run(insert(2)));
  EXPECT_EQ(writer_->trouble(), "");
}

TEST_F(WriterTest, TellsOfAReadOnlyDatabaseAndOfNothingAJobAnswersByItself) {
  const auto conflict = [](Database&) -> Result<void> { return fail(ErrorCode::conflict, "no"); };
  EXPECT_FALSE(writer_->run(conflict));
  EXPECT_EQ(writer_->trouble(), "");
  const auto written = writer_->run([](Database& database) -> Result<void> {
    SB_TRY_VOID(database.execute("PRAGMA query_only=ON"));
    auto inserted = database.execute("INSERT INTO item VALUES (1)");
    SB_TRY_VOID(database.execute("PRAGMA query_only=OFF"));
    return inserted;
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(writer_->run(conflict));
  EXPECT_THAT(writer_->trouble(), HasSubstr("readonly database"));
  ASSERT_TRUE(writer_->run(insert(1)));
  EXPECT_EQ(writer_->trouble(), "");
}

TEST_F(WriterTest, RunsWhatIsQueuedBeforeItEnds) {
  hold();
  for (int i = 0; i < 600; ++i) submit(std::to_string(i), insert(i));
  std::thread releaser([this] { release_.set_value(); });
  writer_.reset();
  releaser.join();
  EXPECT_THAT(told(), SizeIs(600));
  auto database = Database::open((dir_ / "w.db").string());
  ASSERT_TRUE(database);
  std::int64_t rows = 0;
  ASSERT_TRUE((*database)->query("SELECT count(*) FROM item", {},
                                 [&](const Row& row) { rows = row.integer(0); }));
  EXPECT_EQ(rows, 600);
}

TEST_F(WriterTest, TakesJobsFromManyThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 100; ++i) submit("x", insert(t * 100 + i));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(ids(), SizeIs(400));
  EXPECT_THAT(told(), Each(std::string("x ok")));
}

TEST_F(WriterTest, KeepsTheWriteAheadLogSmall) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(writer_->run([&](Database& database) -> Result<void> {
      SB_TRY_VOID(database.execute("CREATE TABLE IF NOT EXISTS big (x TEXT)"));
      SB_TRY_VOID(database.execute("DELETE FROM big"));
      return database.execute("INSERT INTO big VALUES (?)", {std::string(256 << 10, 'x')});
    }));
  }
  EXPECT_LT(std::filesystem::file_size(dir_ / "w.db-wal"), 16U << 20U);
}

}  // namespace
}  // namespace sb::sqlite
