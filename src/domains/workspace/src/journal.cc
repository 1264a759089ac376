#include "sb/workspace/journal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "fact_log.h"

namespace sb::workspace {
namespace {

struct Nothing {};

// Room for rows is made beforehand by the size of the file, of which they may be the least part.
constexpr std::int64_t kRowFileBytesMin = 64;
constexpr std::int64_t kRowsReservedMax = 100'000;

model::Stamp read_stamp(const sqlite::Row& row, int column) {
  return {static_cast<std::uint32_t>(row.integer(column)),
          static_cast<std::uint64_t>(row.integer(column + 1)),
          static_cast<std::uint64_t>(row.integer(column + 2))};
}

/// What the database thread knows of the journal between its jobs.
struct Progress {
  std::optional<std::int64_t> written;  // of the last row; unknown until somebody looked
  std::size_t log_bytes = 0;            // since the log was empty, as far as it was seen
};

/// The work of the database thread: the rows of facts, and the log in front of them.
class Tables {
 public:
  Tables(sqlite::Database& database, Progress& progress)
      : database_(database), progress_(progress) {}

  Result<void> read(JournalContents& contents) {
    // Counting the rows would read the file once more.
    SB_TRY_VOID(database_.query(
        "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM "
        "pragma_page_size)",
        {}, [&](const sqlite::Row& row) {
          contents.reserve(static_cast<std::size_t>(
              std::min(row.integer(0) / kRowFileBytesMin, kRowsReservedMax)));
        }));
    SB_TRY_VOID(
        database_.query("SELECT workspace, source, key, epoch, sequence, arrival, value, written"
                        " FROM external_fact",
                        {}, [&](const sqlite::Row& row) {
                          contents.add({row.view(0), row.view(1), read_stamp(row, 3), row.view(2),
                                        row.view(6), row.integer(7)});
                        }));
    contents.sort();
    return database_.query("SELECT source, epoch FROM source_epoch ORDER BY written", {},
                           [&](const sqlite::Row& row) {
                             contents.source_epochs.emplace_back(row.text(0), row.text(1));
                           });
  }

  Result<void> begin_lives(const JournalBatch& batch) {
    for (const auto& [source, epoch] : batch.source_epochs) {
      // A life that is known keeps its place.
      SB_TRY_VOID(database_.execute(
          "INSERT OR IGNORE INTO source_epoch (source, epoch) VALUES (?, ?)", {source, epoch}));
    }
    return {};
  }

  /// Appends to the log, or makes rows of what would make it too long.
  Result<void> add(const std::vector<LogEntry>& entries) {
    std::string text;
    for (const LogEntry& entry : entries) append_entry(text, entry);
    if (text.empty()) return {};
    if (progress_.log_bytes + text.size() > Journal::kLogBytesMax) return fold(entries);
    SB_TRY_VOID(database_.execute("INSERT INTO fact_log (said) VALUES (?)", {text}));
    progress_.log_bytes += text.size();
    return {};
  }
  /// What the log says, and `next` after it, becomes rows, and the log empty.
  Result<void> fold(const std::vector<LogEntry>& next) {
    if (!progress_.written) {
      SB_TRY(progress_.written, last_written());
    }
    std::deque<std::string> texts;
    std::vector<LogEntry> entries;
    SB_TRY_VOID(read_log(texts, entries));
    entries.insert(entries.end(), next.begin(), next.end());
    drop_outdated(entries);
    for (LogEntry& entry : entries) entry.row.written = ++*progress_.written;
    // By workspace, as the rows lie: each page is touched once.
    std::stable_sort(entries.begin(), entries.end(), [](const LogEntry& a, const LogEntry& b) {
      return a.row.workspace < b.row.workspace;
    });
    for (const LogEntry& entry : entries) SB_TRY_VOID(put(entry));
    SB_TRY_VOID(database_.execute("DELETE FROM fact_log"));
    progress_.log_bytes = 0;
    return {};
  }
  /// Appends the log's texts, which outlive the entries made of them, and learns how long it is.
  Result<void> read_log(std::deque<std::string>& texts, std::vector<LogEntry>& entries) {
    std::optional<Error> damaged;
    progress_.log_bytes = 0;
    SB_TRY_VOID(database_.query(
        "SELECT said, place FROM fact_log ORDER BY place", {}, [&](const sqlite::Row& row) {
          texts.push_back(row.text(0));
          progress_.log_bytes += texts.back().size();
          auto read = read_entries(texts.back(), entries);
          if (!read && !damaged) {
            damaged =
                std::move(read).error().with(fmt::format("fact_log, place {}", row.integer(1)));
          }
        }));
    if (damaged) return *std::move(damaged);
    return {};
  }
  /// A row that comes and goes: a page is written, which one that stays as it is would not be.
  Result<void> try_to_write() {
    SB_TRY_VOID(database_.execute("INSERT INTO fact_log (said) VALUES ('')"));
    return database_.execute("DELETE FROM fact_log WHERE said = ''");
  }

 private:
  Result<std::int64_t> last_written() {
    std::int64_t last = 0;
    SB_TRY_VOID(database_.query("SELECT coalesce(max(written), 0) FROM external_fact", {},
                                [&](const sqlite::Row& row) { last = row.integer(0); }));
    return last;
  }
  Result<void> put(const LogEntry& entry) {
    const JournalRow& row = entry.row;
    if (entry.kind == LogEntry::Kind::late_fact) {
      SB_TRY(const bool late, is_late(row));
      if (late) return {};
    }
    // The workspace is gone, and with it all that anybody said about it.
    if (entry.wipes()) {
      SB_TRY_VOID(
          database_.execute("DELETE FROM external_fact WHERE workspace = ?", {row.workspace}));
    }
    if (entry.kind == LogEntry::Kind::forget) return {};
    return database_.execute(
        "INSERT OR REPLACE INTO external_fact"
        " (workspace, source, key, epoch, sequence, arrival, value, written)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {row.workspace, row.source, row.key, row.stamp.epoch, row.stamp.sequence, row.stamp.arrival,
         row.value, row.written});
  }
  Result<bool> is_late(const JournalRow& row) {
    std::optional<model::Stamp> held;
    SB_TRY_VOID(database_.query(
        "SELECT epoch, sequence, arrival FROM external_fact WHERE workspace = ? AND source = ?"
        " AND key = ?",
        {row.workspace, row.source, row.key},
        [&](const sqlite::Row& found) { held = read_stamp(found, 0); }));
    return held && row.stamp < *held;
  }

  sqlite::Database& database_;
  Progress& progress_;
};

JournalContents with_log(const JournalContents& table, const std::vector<LogEntry>& log) {
  std::vector<LogEntry> entries;
  entries.reserve(table.rows().size() + log.size());
  for (const JournalRow& row : table.rows()) entries.push_back({LogEntry::Kind::fact, row});
  entries.insert(entries.end(), log.begin(), log.end());
  drop_outdated(entries);
  JournalContents all;
  all.reserve(entries.size());
  for (const LogEntry& entry : entries) {
    if (entry.kind != LogEntry::Kind::forget) all.add(entry.row);
  }
  all.source_epochs = table.source_epochs;
  return all;
}

}  // namespace

struct Journal::Impl : std::enable_shared_from_this<Journal::Impl> {
  Impl(Loop& given_loop, sqlite::Writer& given_writer, Logger given_log)
      : loop(given_loop), writer(given_writer), log(std::move(given_log)) {}

  Loop& loop;
  sqlite::Writer& writer;
  Logger log;
  // The database thread's alone, shared with what it is still to do when the journal goes.
  std::shared_ptr<Progress> progress = std::make_shared<Progress>();
};

Journal::Journal(Loop& loop, sqlite::Writer& writer, Logger log)
    : impl_(std::make_shared<Impl>(loop, writer, std::move(log))) {}
Journal::~Journal() = default;

Result<JournalContents> Journal::load() {
  JournalContents contents;
  auto read = impl_->writer.run([&](sqlite::Database& database) -> Result<void> {
    Progress& progress = *impl_->progress;
    Tables tables(database, progress);
    SB_TRY_VOID(tables.read(contents));
    progress.written = contents.rows().empty() ? 0 : contents.rows().back().written;
    std::deque<std::string> texts;
    std::vector<LogEntry> log;
    SB_TRY_VOID(tables.read_log(texts, log));
    // Nothing is written: a full disk does not keep a server from starting.
    if (!log.empty()) contents = with_log(contents, log);
    return {};
  });
  if (!read) return std::move(read).error();
  impl_->log.info("journal read", {kv("facts", contents.rows().size()),
                                   kv("source_epochs", contents.source_epochs.size())});
  return contents;
}

void Journal::write(std::function<JournalBatch()> make, std::function<void(Result<void>)> done) {
  sqlite::submit<Nothing>(
      impl_->loop, impl_->writer, impl_,
      [make = std::move(make),
       progress = impl_->progress](sqlite::Database& database) -> Result<Nothing> {
        Tables tables(database, *progress);
        const JournalBatch batch = make();
        if (batch.source_epochs.empty() && batch.forget.empty() && batch.facts.empty()) {
          SB_TRY_VOID(tables.try_to_write());
          return Nothing{};
        }
        SB_TRY_VOID(tables.begin_lives(batch));
        SB_TRY_VOID(tables.add(entries_of(batch)));
        return Nothing{};
      },
      [done = std::move(done)](Result<Nothing> result) {
        if (!result) return done(std::move(result).error());
        done({});
      });
}

void Journal::fold() {
  impl_->writer.submit(
      [progress = impl_->progress](sqlite::Database& database) -> Result<void> {
        return Tables(database, *progress).fold({});
      },
      [](const Result<void>&) {});  // the log stays, and a start reads it
}

std::string Journal::trouble() const {
  return impl_->writer.trouble();
}

}  // namespace sb::workspace
