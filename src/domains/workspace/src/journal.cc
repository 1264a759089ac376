#include "sb/workspace/journal.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

namespace sb::workspace {
namespace {

struct Nothing {};

constexpr std::int64_t kRowFileBytesMin = 64;  // of a row and its place in the index

model::Stamp read_stamp(const sqlite::Row& row, int column) {
  return {static_cast<std::uint32_t>(row.integer(column)),
          static_cast<std::uint64_t>(row.integer(column + 1)),
          static_cast<std::uint64_t>(row.integer(column + 2))};
}

/// Whether the row of this key is newer already, which happens when a failed write is tried again.
Result<bool> is_outdated(sqlite::Database& database, const JournalFact& fact) {
  std::optional<model::Stamp> held;
  SB_TRY_VOID(
      database.query("SELECT epoch, sequence, arrival FROM external_fact WHERE workspace = ? AND "
                     "source = ? AND key = ?",
                     {fact.workspace.view(), fact.source, fact.key},
                     [&](const sqlite::Row& row) { held = read_stamp(row, 0); }));
  return held && fact.stamp < *held;
}

Result<void> put_fact(sqlite::Database& database, const JournalFact& fact) {
  SB_TRY(const bool outdated, is_outdated(database, fact));
  if (outdated) return {};
  if (fact.key.empty()) {
    // The workspace is gone, and with it all that anybody said about it.
    SB_TRY_VOID(
        database.execute("DELETE FROM external_fact WHERE workspace = ?", {fact.workspace.view()}));
  }
  return database.execute(
      "INSERT OR REPLACE INTO external_fact"
      " (workspace, source, key, epoch, sequence, arrival, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {fact.workspace.view(), fact.source, fact.key, fact.stamp.epoch, fact.stamp.sequence,
       fact.stamp.arrival, fact.value});
}

Result<void> read_all(sqlite::Database& database, JournalContents& contents) {
  // Counting the rows would read half of the file once more.
  SB_TRY_VOID(database.query(
      "SELECT (SELECT coalesce(max(written), 0) FROM external_fact),"
      " (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
      {}, [&](const sqlite::Row& row) {
        contents.reserve(
            static_cast<std::size_t>(std::min(row.integer(0), row.integer(1) / kRowFileBytesMin)));
      }));
  SB_TRY_VOID(database.query(
      "SELECT workspace, source, key, epoch, sequence, arrival, value"
      " FROM external_fact ORDER BY written",
      {}, [&](const sqlite::Row& row) {
        contents.add({row.view(0), row.view(1), read_stamp(row, 3), row.view(2), row.view(6)});
      }));
  return database.query("SELECT source, epoch FROM source_epoch ORDER BY written", {},
                        [&](const sqlite::Row& row) {
                          contents.source_epochs.emplace_back(row.text(0), row.text(1));
                        });
}

}  // namespace

void JournalContents::add(const JournalRow& row) {
  JournalRow kept = row;
  // Mostly what one source said of one workspace, one after the other.
  const JournalRow* const last = rows_.empty() ? nullptr : &rows_.back();
  const auto again = [&](std::string_view JournalRow::* text) {
    return last != nullptr && last->*text == row.*text ? last->*text : keep(row.*text);
  };
  kept.workspace = again(&JournalRow::workspace);
  kept.source = again(&JournalRow::source);
  kept.key = keep(row.key);
  kept.value = keep(row.value);
  rows_.push_back(kept);
}

std::string_view JournalContents::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* const kept = static_cast<char*>(texts_->allocate(text.size(), alignof(char)));
  return {kept, text.copy(kept, text.size())};
}

struct Journal::Impl : std::enable_shared_from_this<Journal::Impl> {
  Impl(Loop& given_loop, sqlite::Writer& given_writer, Logger given_log)
      : loop(given_loop), writer(given_writer), log(std::move(given_log)) {}

  void write(std::function<Result<void>(sqlite::Database&)> job,
             std::function<void(Result<void>)> done) {
    sqlite::submit<Nothing>(
        loop, writer, weak_from_this(),
        [job = std::move(job)](sqlite::Database& database) -> Result<Nothing> {
          SB_TRY_VOID(job(database));
          return Nothing{};
        },
        [done = std::move(done)](Result<Nothing> written) {
          if (!written) return done(std::move(written).error());
          done({});
        },
        sqlite::Writer::Commit::grouped);
  }

  Loop& loop;
  sqlite::Writer& writer;
  Logger log;
};

Journal::Journal(Loop& loop, sqlite::Writer& writer, Logger log)
    : impl_(std::make_shared<Impl>(loop, writer, std::move(log))) {}
Journal::~Journal() = default;

Result<JournalContents> Journal::load() {
  JournalContents contents;
  auto read =
      impl_->writer.run([&](sqlite::Database& database) { return read_all(database, contents); });
  if (!read) return std::move(read).error();
  impl_->log.info("journal read", {kv("facts", contents.rows().size()),
                                   kv("source_epochs", contents.source_epochs.size())});
  return contents;
}

void Journal::write(std::vector<JournalFact> facts, std::function<void(Result<void>)> done) {
  write([facts = std::move(facts)] { return facts; }, std::move(done));
}

void Journal::write(std::function<std::vector<JournalFact>()> make,
                    std::function<void(Result<void>)> done) {
  impl_->write(
      [make = std::move(make)](sqlite::Database& database) -> Result<void> {
        for (const auto& fact : make()) SB_TRY_VOID(put_fact(database, fact));
        return {};
      },
      std::move(done));
}

void Journal::note_epoch(std::string source, std::string epoch,
                         std::function<void(Result<void>)> done) {
  impl_->write(
      [source = std::move(source), epoch = std::move(epoch)](sqlite::Database& database) {
        // A life that is known keeps its place.
        return database.execute("INSERT OR IGNORE INTO source_epoch (source, epoch) VALUES (?, ?)",
                                {source, epoch});
      },
      std::move(done));
}

void Journal::forget(std::vector<model::WorkspaceId> workspaces,
                     std::function<void(Result<void>)> done) {
  impl_->write(
      [workspaces = std::move(workspaces)](sqlite::Database& database) -> Result<void> {
        for (const auto& id : workspaces) {
          SB_TRY_VOID(
              database.execute("DELETE FROM external_fact WHERE workspace = ?", {id.view()}));
        }
        return {};
      },
      std::move(done));
}

}  // namespace sb::workspace
