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

// Room for rows is made beforehand by the size of the file, of which they may be the least part.
constexpr std::int64_t kRowFileBytesMin = 64;
constexpr std::int64_t kRowsReservedMax = 100'000;

model::Stamp read_stamp(const sqlite::Row& row, int column) {
  return {static_cast<std::uint32_t>(row.integer(column)),
          static_cast<std::uint64_t>(row.integer(column + 1)),
          static_cast<std::uint64_t>(row.integer(column + 2))};
}

/// The work of the database thread.
class Tables {
 public:
  explicit Tables(sqlite::Database& database) : database_(database) {}

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

  /// `written`: of the last row, moves with each.
  Result<void> write(const JournalBatch& batch, std::int64_t& written) {
    if (batch.source_epochs.empty() && batch.forget.empty() && batch.facts.empty()) {
      // A row that comes and goes: a page is written, which one that stays as it is would not be.
      JournalFact trial;
      trial.key = "trial";
      SB_TRY_VOID(put(trial, written));
      return forget(trial.workspace);
    }
    for (const auto& [source, epoch] : batch.source_epochs) {
      // A life that is known keeps its place.
      SB_TRY_VOID(database_.execute(
          "INSERT OR IGNORE INTO source_epoch (source, epoch) VALUES (?, ?)", {source, epoch}));
    }
    for (const auto& id : batch.forget) SB_TRY_VOID(forget(id));
    for (const auto& fact : batch.facts) SB_TRY_VOID(put(fact, written));
    return {};
  }

  Result<std::int64_t> last_written() {
    std::int64_t last = 0;
    SB_TRY_VOID(database_.query("SELECT coalesce(max(written), 0) FROM external_fact", {},
                                [&](const sqlite::Row& row) { last = row.integer(0); }));
    return last;
  }

 private:
  Result<void> put(const JournalFact& fact, std::int64_t& written) {
    if (fact.may_be_late) {
      SB_TRY(const bool late, is_late(fact));
      if (late) return {};
    }
    // The workspace is gone, and with it all that anybody said about it.
    if (fact.key.empty()) SB_TRY_VOID(forget(fact.workspace));
    return database_.execute(
        "INSERT OR REPLACE INTO external_fact"
        " (workspace, source, key, epoch, sequence, arrival, value, written)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {fact.workspace.view(), fact.source, fact.key, fact.stamp.epoch, fact.stamp.sequence,
         fact.stamp.arrival, fact.value, ++written});
  }
  Result<bool> is_late(const JournalFact& fact) {
    std::optional<model::Stamp> held;
    SB_TRY_VOID(database_.query(
        "SELECT epoch, sequence, arrival FROM external_fact WHERE workspace = ? AND source = ?"
        " AND key = ?",
        {fact.workspace.view(), fact.source, fact.key},
        [&](const sqlite::Row& row) { held = read_stamp(row, 0); }));
    return held && fact.stamp < *held;
  }
  Result<void> forget(const model::WorkspaceId& id) {
    return database_.execute("DELETE FROM external_fact WHERE workspace = ?", {id.view()});
  }

  sqlite::Database& database_;
};

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

void JournalContents::sort() {
  if (std::is_sorted(rows_.begin(), rows_.end(), [](const JournalRow& a, const JournalRow& b) {
        return a.written < b.written;
      })) {
    return;
  }
  // Keys are cheaper to move about than rows.
  std::vector<std::pair<std::int64_t, std::uint32_t>> order;
  order.reserve(rows_.size());
  for (std::uint32_t i = 0; i < rows_.size(); ++i) order.emplace_back(rows_[i].written, i);
  std::sort(order.begin(), order.end());
  std::vector<JournalRow> sorted;
  sorted.reserve(rows_.size());
  for (const auto& [written, index] : order) sorted.push_back(rows_[index]);
  rows_ = std::move(sorted);
}

std::string_view JournalContents::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* const kept = static_cast<char*>(texts_->allocate(text.size(), alignof(char)));
  return {kept, text.copy(kept, text.size())};
}

struct Journal::Impl : std::enable_shared_from_this<Journal::Impl> {
  Impl(Loop& given_loop, sqlite::Writer& given_writer, Logger given_log)
      : loop(given_loop), writer(given_writer), log(std::move(given_log)) {}

  Loop& loop;
  sqlite::Writer& writer;
  Logger log;
  // Of the last row; the database thread's alone, shared with what it is still to do when the
  // journal goes.
  std::shared_ptr<std::optional<std::int64_t>> written =
      std::make_shared<std::optional<std::int64_t>>();
};

Journal::Journal(Loop& loop, sqlite::Writer& writer, Logger log)
    : impl_(std::make_shared<Impl>(loop, writer, std::move(log))) {}
Journal::~Journal() = default;

Result<JournalContents> Journal::load() {
  JournalContents contents;
  auto read = impl_->writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY_VOID(Tables(database).read(contents));
    const auto& rows = contents.rows();
    *impl_->written = rows.empty() ? 0 : rows.back().written;
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
       written = impl_->written](sqlite::Database& database) -> Result<Nothing> {
        Tables tables(database);
        if (!*written) {
          SB_TRY(*written, tables.last_written());
        }
        SB_TRY_VOID(tables.write(make(), **written));
        return Nothing{};
      },
      [done = std::move(done)](Result<Nothing> result) {
        if (!result) return done(std::move(result).error());
        done({});
      });
}

std::string Journal::trouble() const {
  return impl_->writer.trouble();
}

}  // namespace sb::workspace
