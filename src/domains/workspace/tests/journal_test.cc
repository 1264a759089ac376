#include "sb/workspace/journal.h"

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/child_process.h"
#include "sb/testing/temp_dir.h"
#include "sb/workspace/schema.h"

#include "child_modes.h"
#include "house.h"

namespace sb::workspace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr std::string_view kUntilKilled = "--journal-until-killed";

JournalFact fact(std::string workspace, std::string key, std::string value,
                 std::uint64_t sequence = 1, std::string source = "agent") {
  return {model::WorkspaceId(std::move(workspace)), std::move(source), model::Stamp{1, sequence, 2},
          std::move(key), std::move(value)};
}

std::function<JournalBatch()> batch(std::vector<JournalFact> facts) {
  return [facts = std::move(facts)] { return JournalBatch{{}, {}, facts}; };
}

JournalFact late(JournalFact fact) {
  fact.may_be_late = true;
  return fact;
}

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { close(); }
  void open() {
    writer_ = std::make_unique<sqlite::Writer>(open_database(dir_ / "j.db"));
    journal_ = std::make_unique<Journal>(loop_, *writer_, Logger());
  }
  void close() {
    journal_.reset();
    writer_.reset();
    loop_.run_ready();
  }
  void write(std::vector<JournalFact> facts) {
    const auto done = loop_.wait_for<Result<void>>(
        [&](auto answer) { journal_->write(batch(std::move(facts)), std::move(answer)); });
    ASSERT_TRUE(done) << done.error().message;
  }
  void write_batch(const JournalBatch& batch) {
    ASSERT_TRUE(loop_.wait_for<Result<void>>(
        [&](auto answer) { journal_->write([=] { return batch; }, std::move(answer)); }));
  }
  /// What a new process would find, as "workspace/source/key=value".
  std::vector<std::string> kept() {
    close();
    open();
    auto contents = journal_->load();
    EXPECT_TRUE(contents);
    std::vector<std::string> result;
    for (const JournalRow& one : contents->rows()) {
      std::string text(one.workspace);
      text.append("/").append(one.source).append("/").append(one.key).append("=").append(one.value);
      result.push_back(std::move(text));
    }
    return result;
  }

  /// Rows of a table.
  long count(const std::string& table) {
    long rows = -1;
    EXPECT_TRUE(writer_->run([&](sqlite::Database& database) {
      return database.query("SELECT count(*) FROM " + table, {},
                            [&](const sqlite::Row& row) { rows = row.integer(0); });
    }));
    return rows;
  }

  testing::TempDir dir_;
  testing::FakeLoop loop_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, KeepsEveryMemberOfAFact) {
  JournalFact whole = fact("w", "name", "\"x\"");
  whole.stamp = {7, std::numeric_limits<std::uint64_t>::max(), 9};
  write({whole});
  const auto contents = journal_->load();
  ASSERT_TRUE(contents);
  ASSERT_THAT(contents->rows(), SizeIs(1));
  const JournalRow& found = contents->rows()[0];
  EXPECT_EQ(found.workspace, "w");
  EXPECT_EQ(found.source, "agent");
  EXPECT_EQ(found.stamp, whole.stamp);
  EXPECT_EQ(found.key, "name");
  EXPECT_EQ(found.value, "\"x\"");
}

TEST_F(JournalTest, KeepsTheNewestPerKeyInOrderOfWriting) {
  write({fact("w", "name", "1"), fact("w", "status", "1"), fact("v", "name", "1")});
  write({fact("w", "name", "2"), fact("w", "name", "2", 1, "other")});
  EXPECT_THAT(kept(), ElementsAre("w/agent/status=1", "v/agent/name=1", "w/agent/name=2",
                                  "w/other/name=2"));
}

TEST_F(JournalTest, AnOlderFactNeverReplacesANewerOne) {
  const auto huge = std::numeric_limits<std::uint64_t>::max();
  write({fact("w", "name", "new", huge), fact("w", "status", "1", 2)});
  write({late(fact("w", "name", "late", huge - 1)), late(fact("w", "status", "2", 3))});
  EXPECT_THAT(kept(), ElementsAre("w/agent/name=new", "w/agent/status=2"));
  JournalFact reborn = late(fact("w", "name", "reborn", 1));
  reborn.stamp.epoch = 2;
  write({reborn});
  EXPECT_THAT(kept(), ElementsAre("w/agent/status=2", "w/agent/name=reborn"));
}

TEST_F(JournalTest, ARemovedElementLeavesItsRow) {
  write({fact("w", "sessionSummaries/s1", "{}")});
  write({fact("w", "sessionSummaries/s1", "", 2)});
  EXPECT_THAT(kept(), ElementsAre("w/agent/sessionSummaries/s1="));
}

TEST_F(JournalTest, ARemovedWorkspaceLeavesOneRow) {
  write({fact("w", "name", "1"), fact("w", "status", "1"), fact("w", "prUrl", "1", 1, "other"),
         fact("v", "name", "1")});
  write({fact("w", "", "", 5)});
  EXPECT_THAT(kept(), ElementsAre("v/agent/name=1", "w/agent/="));
  write({fact("w", "projectId", "\"p\"", 6), fact("w", "status", "\"NEW\"", 6)});
  EXPECT_THAT(kept(), ElementsAre("v/agent/name=1", "w/agent/=", "w/agent/projectId=\"p\"",
                                  "w/agent/status=\"NEW\""));
}

TEST_F(JournalTest, ForgetsWorkspaces) {
  write({fact("w", "name", "1"), fact("v", "name", "1"), fact("v", "status", "1")});
  write_batch({{}, {model::WorkspaceId("v")}, {fact("v", "name", "2")}});
  EXPECT_THAT(kept(), ElementsAre("w/agent/name=1", "v/agent/name=2"));
}

TEST_F(JournalTest, GoesOnInOrderOfBeingWrittenAfterARestart) {
  write({fact("b", "name", "1"), fact("a", "name", "1"), fact("c", "name", "1")});
  EXPECT_THAT(kept(), ElementsAre("b/agent/name=1", "a/agent/name=1", "c/agent/name=1"));
  write({fact("a", "name", "2")});
  EXPECT_THAT(kept(), ElementsAre("b/agent/name=1", "c/agent/name=1", "a/agent/name=2"));
  close();
  open();  // and nobody reads it before the next write
  write({fact("b", "name", "2")});
  EXPECT_THAT(kept(), ElementsAre("c/agent/name=1", "a/agent/name=2", "b/agent/name=2"));
}

TEST_F(JournalTest, ReadsAFileOfTheSchemaBefore) {
  close();
  auto database = sqlite::Database::open((dir_ / "before.db").string());
  ASSERT_TRUE(database);
  constexpr std::size_t kWithARowNumber = 3;
  ASSERT_TRUE((*database)->migrate("workspace", migrations().first(kWithARowNumber)));
  ASSERT_TRUE((*database)->execute(
      "INSERT INTO external_fact (written, workspace, source, key, epoch, sequence, arrival, value)"
      " VALUES (7, 'a', 'agent', 'name', 1, 2, 3, '\"late\"'), (4, 'b', 'agent', 'name', 1, 1, 0, "
      "'\"early\"')"));
  database->reset();
  std::filesystem::rename(dir_ / "before.db", dir_ / "j.db");
  open();
  EXPECT_THAT(kept(), ElementsAre("b/agent/name=\"early\"", "a/agent/name=\"late\""));
}

TEST_F(JournalTest, FoldsALongLogIntoRows) {
  const std::string half(Journal::kLogBytesMax / 2, 'x');
  for (const std::string& value : {half, half + "1", half + "2"}) {
    write({fact("w", "name", value), late(fact("w", "status", "1"))});
  }
  write({late(fact("w", "status", "late", 0)), fact("v", "name", "1")});
  EXPECT_EQ(count("fact_log"), 2) << "what came after it was long";
  EXPECT_EQ(count("external_fact"), 2);
  EXPECT_THAT(kept(),
              ElementsAre("w/agent/name=" + half + "2", "w/agent/status=1", "v/agent/name=1"));
}

TEST_F(JournalTest, WhatCannotBecomeRowsStaysInTheLog) {
  write({fact("w", "name", "1")});
  ASSERT_TRUE(writer_->run([](sqlite::Database& database) {
    return database.execute("ALTER TABLE external_fact RENAME TO away");
  }));
  const JournalFact large = fact("w", "status", std::string(Journal::kLogBytesMax, 'x'));
  for (int tries = 0; tries < 2; ++tries) {
    EXPECT_FALSE(loop_.wait_for<Result<void>>(
        [&](auto answer) { journal_->write(batch({large}), std::move(answer)); }));
  }
  write({fact("v", "name", "1")});
  ASSERT_TRUE(writer_->run([](sqlite::Database& database) {
    return database.execute("ALTER TABLE away RENAME TO external_fact");
  }));
  EXPECT_THAT(kept(), ElementsAre("w/agent/name=1", "v/agent/name=1"));
  write({large});
  EXPECT_EQ(count("fact_log"), 0);
  EXPECT_THAT(kept(), SizeIs(3));
}

TEST_F(JournalTest, FoldsAtAnOrderlyEnd) {
  write({fact("w", "name", "1")});
  journal_->fold();
  write_batch({{}, {model::WorkspaceId("w")}, {}});
  journal_->fold();
  write({fact("v", "name", "1")});
  journal_->fold();
  EXPECT_EQ(count("fact_log"), 0);
  EXPECT_THAT(kept(), ElementsAre("v/agent/name=1"));
}

TEST_F(JournalTest, ALogItCannotReadIsNamed) {
  write({fact("w", "name", "1")});
  ASSERT_TRUE(writer_->run([](sqlite::Database& database) {
    return database.execute("INSERT INTO fact_log (said) VALUES ('=1 1 2 1 5 4 x w')");
  }));
  const auto contents = journal_->load();
  ASSERT_FALSE(contents);
  EXPECT_THAT(contents.error().message,
              AllOf(HasSubstr("fact_log, place 2"), HasSubstr("byte 13 of 16")));
  EXPECT_EQ(count("fact_log"), 2) << "nothing is lost";
}

TEST_F(JournalTest, KeepsLivesInOrderOfFirstAppearance) {
  using Life = std::pair<std::string, std::string>;
  for (const Life& life : {Life("a", "1"), Life("b", "1"), Life("a", "2"), Life("a", "1")}) {
    write_batch({{life}, {}, {}});
  }
  close();
  open();
  EXPECT_THAT(journal_->load()->source_epochs,
              ElementsAre(Pair("a", "1"), Pair("b", "1"), Pair("a", "2")));
}

TEST_F(JournalTest, AnswersAfterTheCommitOnly) {
  HeldWriter held(*writer_);
  bool answered = false;
  journal_->write(batch({fact("w", "name", "1")}), [&](const Result<void>&) { answered = true; });
  loop_.run_ready();
  EXPECT_FALSE(answered);
  held.release();
  EXPECT_TRUE(loop_.run_until([&] { return answered; }));
}

TEST_F(JournalTest, AnswersWithTheErrorWhenTheWriteFails) {
  ASSERT_TRUE(writer_->run(
      [](sqlite::Database& database) { return database.execute("DROP TABLE fact_log"); }));
  const auto done = loop_.wait_for<Result<void>>(
      [&](auto answer) { journal_->write(batch({fact("w", "name", "1")}), std::move(answer)); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::internal);
}

/// Writes facts for ever, several keys over and over, so large that the log becomes rows again and
/// again; prints "key value" after each commit.
int journal_until_killed(const std::string& path) {
  testing::FakeLoop loop;
  sqlite::Writer writer(open_database(path));
  Journal journal(loop, writer, Logger());
  constexpr int kKeys = 7;
  const std::string large(Journal::kLogBytesMax / 64, ' ');
  for (int n = 0;; n += kKeys) {
    int answered = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = "k" + std::to_string(i);
      const std::string value = std::to_string(n + i);
      journal.write(batch({fact("w", key, value + large), fact("v", key, value + large)}),
                    [&answered, key, value](const Result<void>& done) {
                      const std::string line = fmt::format("{} {}\n", key, value);
                      if (!done || ::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(2);
                      ++answered;
                    });
    }
    if (!loop.run_until([&] { return answered == kKeys; })) return 3;
  }
}

TEST(KilledJournal, KeepsEverythingItAnswered) {
  const testing::TempDir dir;
  const std::string path = (dir / "k.db").string();
  for (const int lines : {1, 50, 400}) {
    std::map<std::string, long> answered;
    testing::ChildProcess child({"/proc/self/exe", std::string(kUntilKilled), path});
    const auto note = [&](const std::string& line) {
      answered[line.substr(0, line.find(' '))] = std::stol(line.substr(line.find(' ')));
    };
    for (int i = 0; i < lines; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      note(*line);
    }
    child.kill_now();
    while (const auto line = child.read_line()) note(*line);
    EXPECT_EQ(child.wait(), 128 + SIGKILL);

    testing::FakeLoop loop;
    sqlite::Writer writer(open_database(path));
    Journal journal(loop, writer, Logger());
    const auto contents = journal.load();
    ASSERT_TRUE(contents);
    std::map<std::string, long> w;
    std::map<std::string, long> v;
    for (const JournalRow& one : contents->rows()) {
      (one.workspace == "w" ? w : v)[std::string(one.key)] = std::stol(std::string(one.value));
    }
    EXPECT_EQ(w, v) << "a write is there as a whole or not at all";
    for (const auto& [key, value] : answered) EXPECT_GE(w[key], value) << key;
  }
}

const bool kUntilKilledAdded = add_child_mode(
    kUntilKilled, [](std::span<char*> arguments) { return journal_until_killed(arguments[0]); });

}  // namespace
}  // namespace sb::workspace
