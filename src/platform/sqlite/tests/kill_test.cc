#include <unistd.h>

#include <set>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/sqlite/database.h"
#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"

// A process that is killed while it writes keeps everything it acknowledged. The child is this very
// program, started with kChildMode and the path of the database.

namespace sb::sqlite {
namespace {

constexpr std::string_view kChildMode = "--write-until-killed";
constexpr int kQueued = 64;  // jobs in flight, so that batches form

/// Inserts numbers for ever; prints each one after its commit.
int write_until_killed(const std::string& path) {
  auto database = Database::open(path);
  if (!database ||
      !(*database)->execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, pad TEXT)"))
    return 1;
  std::int64_t next = 0;
  if (!(*database)->query("SELECT coalesce(max(id), 0) FROM item", {},
                          [&](const Row& row) { next = row.integer(0); })) {
    return 1;
  }
  Writer writer(*std::move(database));
  while (true) {
    for (int i = 0; i < kQueued; ++i) {
      ++next;
      writer.submit(
          [next](Database& db) {
            return db.execute("INSERT INTO item VALUES (?, ?)", {next, std::string(500, 'p')});
          },
          [next](const Result<void>& result) {
            const std::string line = (result ? "" : "-") + std::to_string(next) + "\n";
            if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(2);
          });
    }
    static_cast<void>(writer.run([](Database&) { return Result<void>(); }));
  }
}

TEST(KilledWriter, KeepsEverythingItAcknowledged) {
  const testing::TempDir dir;
  const std::string path = (dir / "k.db").string();
  std::set<std::int64_t> acknowledged;
  for (const std::size_t after : {1U, 100U, 333U, 1500U, 64U}) {
    testing::ChildProcess child({"/proc/self/exe", std::string(kChildMode), path});
    for (std::size_t i = 0; i < after; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      acknowledged.insert(std::stoll(*line));
    }
    child.kill_now();
    while (const auto line = child.read_line()) acknowledged.insert(std::stoll(*line));
    EXPECT_EQ(child.wait(), 128 + SIGKILL);

    auto database = Database::open(path);
    ASSERT_TRUE(database) << database.error().message;
    std::set<std::int64_t> kept;
    ASSERT_TRUE((*database)->query("SELECT id FROM item", {},
                                   [&](const Row& row) { kept.insert(row.integer(0)); }));
    for (const auto id : acknowledged)
      ASSERT_TRUE(kept.contains(id)) << id << " was acknowledged and is gone";
    ASSERT_TRUE((*database)->query("PRAGMA integrity_check", {},
                                   [](const Row& row) { EXPECT_EQ(row.text(0), "ok"); }));
  }
}

}  // namespace
}  // namespace sb::sqlite

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == sb::sqlite::kChildMode) {
    return sb::sqlite::write_until_killed(argv[2]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
