#include "sb/sqlite/database.h"

#include <array>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

namespace sb::sqlite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<Database> open_or_fail(const std::string& path) {
  auto opened = Database::open(path);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

std::int64_t number(Database& database, std::string_view sql) {
  std::int64_t result = -1;
  const auto done = database.query(sql, {}, [&](const Row& row) { result = row.integer(0); });
  EXPECT_TRUE(done) << done.error().message;
  return result;
}

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = open_or_fail((dir_ / "test.db").string());
    ASSERT_TRUE(
        database_->execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)"));
  }
  testing::TempDir dir_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, SetsEveryPragmaItPromises) {
  EXPECT_EQ(number(*database_, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(number(*database_, "PRAGMA synchronous"), 1);
  EXPECT_EQ(number(*database_, "PRAGMA secure_delete"), 0);
  EXPECT_EQ(number(*database_, "PRAGMA busy_timeout"), 5000);
  std::string mode;
  ASSERT_TRUE(
      database_->query("PRAGMA journal_mode", {}, [&](const Row& row) { mode = row.text(0); }));
  EXPECT_EQ(mode, "wal");
  bool mapped = false;
  ASSERT_TRUE(database_->query("PRAGMA mmap_size", {},
                               [&](const Row& row) { mapped = row.integer(0) != 0; }));
  EXPECT_FALSE(mapped);
}

TEST_F(DatabaseTest, GivesBackEveryValueAsBound) {
  const std::string bytes("a\0b\xff\xfe\n'\"", 8);
  const auto smallest = std::numeric_limits<std::int64_t>::min();
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (?, ?, ?)", {1, bytes, smallest}));
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (?, ?, ?)", {2, "", nullptr}));
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (?, ?, ?)",
                                 {3, std::optional<std::string>(), 0}));
  std::vector<std::optional<std::string>> names;
  std::vector<std::optional<std::int64_t>> sizes;
  ASSERT_TRUE(database_->query("SELECT name, size FROM item ORDER BY id", {}, [&](const Row& row) {
    names.push_back(row.text_or_null(0));
    sizes.push_back(row.integer_or_null(1));
  }));
  EXPECT_THAT(names, ElementsAre(bytes, "", std::nullopt));
  EXPECT_THAT(sizes, ElementsAre(smallest, std::nullopt, 0));
}

TEST_F(DatabaseTest, RefusesTooFewAndTooManyValues) {
  for (const auto& result : {database_->execute("INSERT INTO item VALUES (?, ?, ?)", {1, "x"}),
                             database_->execute("INSERT INTO item VALUES (?, 'x', 1)", {1, 2}),
                             database_->execute("DELETE FROM item", {1})}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::internal);
    EXPECT_THAT(result.error().message, HasSubstr("values for"));
  }
  EXPECT_EQ(number(*database_, "SELECT count(*) FROM item"), 0);
}

TEST_F(DatabaseTest, RefusesAnythingButOneStatement) {
  EXPECT_FALSE(database_->execute("DELETE FROM item; DELETE FROM item"));
  EXPECT_FALSE(database_->execute(""));
  EXPECT_TRUE(database_->execute("DELETE FROM item; "));
}

TEST_F(DatabaseTest, SaysWhatSqliteSaid) {
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (1, 'a', 1)"));
  const auto twice = database_->execute("INSERT INTO item VALUES (1, 'b', 1)");
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("UNIQUE constraint failed: item.id"));
  const auto wrong = database_->execute("INSERT INTO absent VALUES (1)");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("no such table: absent"));
  EXPECT_TRUE(database_->execute("INSERT INTO item VALUES (2, 'b', 1)"))
      << "a failure spoils nothing";
}

TEST_F(DatabaseTest, CountsTheRowsACompareAndSetChanged) {
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (1, 'old', 1)"));
  ASSERT_TRUE(database_->execute("UPDATE item SET name='new' WHERE id=? AND name=?", {1, "old"}));
  EXPECT_EQ(database_->changes(), 1);
  ASSERT_TRUE(database_->execute("UPDATE item SET name='newer' WHERE id=? AND name=?", {1, "old"}));
  EXPECT_EQ(database_->changes(), 0);
}

TEST_F(DatabaseTest, RunsTheSameStatementInsideItself) {
  ASSERT_TRUE(database_->execute("INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 2)"));
  std::vector<std::int64_t> seen;
  const std::string sql = "SELECT id FROM item ORDER BY id";
  ASSERT_TRUE(database_->query(sql, {}, [&](const Row& outer) {
    ASSERT_TRUE(database_->query(sql, {}, [&](const Row& inner) {
      seen.push_back(outer.integer(0) * 10 + inner.integer(0));
    }));
  }));
  EXPECT_THAT(seen, ElementsAre(11, 12, 21, 22));
}

TEST_F(DatabaseTest, ForgetsValuesOfAnEarlierCall) {
  const std::string sql = "INSERT INTO item (name, size) VALUES (?, ?)";
  ASSERT_TRUE(database_->execute(sql, {"a", 1}));
  EXPECT_FALSE(database_->execute(sql, {"b"}));
  ASSERT_TRUE(database_->execute(sql, {"c", 3}));
  EXPECT_EQ(number(*database_, "SELECT sum(size) FROM item"), 4);
}

TEST_F(DatabaseTest, WorksWithMoreStatementsThanItKeeps) {
  for (std::size_t i = 0; i < 2 * Database::kStatementsMax; ++i) {
    EXPECT_EQ(number(*database_, "SELECT " + std::to_string(i)), static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(number(*database_, "SELECT 7"), 7);
}

constexpr std::array<std::string_view, 3> kMigrations{
    "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)", "ALTER TABLE a ADD COLUMN y TEXT",
    "CREATE TABLE b (z INTEGER)"};

TEST(DatabaseMigration, RunsEachOnce) {
  const testing::TempDir dir;
  const std::string path = (dir / "m.db").string();
  {
    auto database = open_or_fail(path);
    ASSERT_TRUE(database->migrate("room", std::span(kMigrations).first(1)));
    EXPECT_EQ(number(*database, "SELECT version FROM schema_version"), 1);
  }
  auto database = open_or_fail(path);
  ASSERT_TRUE(database->migrate("room", kMigrations));
  ASSERT_TRUE(database->migrate("room", kMigrations));
  EXPECT_EQ(number(*database, "SELECT version FROM schema_version"), 3);
  EXPECT_EQ(number(*database, "SELECT count(y) + count(*) FROM a"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM b"), 0);
}

TEST(DatabaseMigration, CountsTheStepsOfEachRoom) {
  auto database = open_or_fail(":memory:");
  constexpr std::array<std::string_view, 1> kOther{"CREATE TABLE other (x INTEGER)"};
  ASSERT_TRUE(database->migrate("room", kMigrations));
  ASSERT_TRUE(database->migrate("other", kOther));
  ASSERT_TRUE(database->migrate("other", kOther));
  EXPECT_EQ(number(*database, "SELECT version FROM schema_version WHERE room = 'room'"), 3);
  EXPECT_EQ(number(*database, "SELECT version FROM schema_version WHERE room = 'other'"), 1);
}

TEST(DatabaseMigration, GoesOnWithAFileThatCountedInItsHeader) {
  auto database = open_or_fail(":memory:");
  ASSERT_TRUE(database->execute("CREATE TABLE a (x INTEGER)"));
  ASSERT_TRUE(database->execute("PRAGMA user_version=1"));
  ASSERT_TRUE(database->migrate("room", kMigrations));
  ASSERT_TRUE(database->migrate("other", {}));
  EXPECT_EQ(number(*database, "SELECT version FROM schema_version WHERE room = 'room'"), 3);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM b"), 0);
}

TEST(DatabaseMigration, LeavesTheFileAsItWasWhenOneFails) {
  auto database = open_or_fail(":memory:");
  const std::array<std::string_view, 2> broken{kMigrations[0],
                                               "CREATE TABLE c (x INTEGER); CREATE nonsense"};
  const auto done = database->migrate("room", broken);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("migration 2"));
  EXPECT_FALSE(database->in_transaction());
  EXPECT_EQ(number(*database, "SELECT version FROM schema_version"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM sqlite_schema WHERE name='c'"), 0);
}

TEST(DatabaseMigration, RefusesAFileOfANewerVersion) {
  auto database = open_or_fail(":memory:");
  ASSERT_TRUE(database->migrate("room", kMigrations));
  const auto done = database->migrate("room", std::span(kMigrations).first(2));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unsupported);
  EXPECT_THAT(done.error().message,
              HasSubstr("has schema 3 of room, this program knows schema 2 at most"));
}

TEST(DatabaseFile, ThatIsNoDatabaseIsAnError) {
  const testing::TempDir dir;
  testing::write_file(dir / "x.db", std::string(8192, 'x'));
  const auto opened = Database::open((dir / "x.db").string());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::internal);
  EXPECT_THAT(opened.error().message, HasSubstr("file is not a database"));
  EXPECT_THAT(opened.error().message, HasSubstr((dir / "x.db").string()));
}

TEST(DatabaseFile, WithDamagedPagesIsAnErrorOfTheRead) {
  const testing::TempDir dir;
  const std::string path = (dir / "x.db").string();
  {
    auto database = open_or_fail(path);
    ASSERT_TRUE(database->execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(database->execute("INSERT INTO item VALUES (?, ?)", {i, std::string(100, 'n')}));
    }
  }
  constexpr std::size_t kPageBytes = 4096;
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kPageBytes);
    const std::string garbage(3 * kPageBytes, '\x5a');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }
  auto database = open_or_fail(path);
  const auto read = database->query("SELECT * FROM item", {}, [](const Row&) {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::internal);
  EXPECT_THAT(read.error().message, HasSubstr("malformed"));
}

TEST(DatabaseFile, InAMissingFolderIsAnError) {
  const auto opened = Database::open("/nonexistent/folder/x.db");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("unable to open database file"));
}

}  // namespace
}  // namespace sb::sqlite
