#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sb/core/result.h"

namespace sb::sqlite {

/// One row of a running query. Thread: externally locked. Valid inside the callback only.
/// REQUIRES: `column` is one of the query's. A NULL reads as 0 or "" where the type cannot say so.
class Row {
 public:
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// The same without a copy. Valid inside the callback, until the column is read again.
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::optional<std::string> text_or_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> integer_or_null(int column) const;

 private:
  friend class Database;
  Row(void* statement, int columns) : statement_(statement), columns_(columns) {}
  void* statement_;
  int columns_;
};

/// A bound parameter, by position. Text is bytes: what is not UTF-8 comes back as it went in.
class Value {
 public:
  template <std::integral T>
  Value(T value)  // NOLINT: literals read well
      : kind_(Kind::integer), integer_(static_cast<std::int64_t>(value)) {}
  Value(std::string_view value) : kind_(Kind::text), text_(value) {}    // NOLINT
  Value(const std::string& value) : kind_(Kind::text), text_(value) {}  // NOLINT
  Value(const char* value) : kind_(Kind::text), text_(value) {}         // NOLINT
  Value(const std::optional<std::string>& value)                        // NOLINT
      : kind_(value ? Kind::text : Kind::null),
        text_(value ? std::string_view(*value) : std::string_view()) {}
  Value(std::nullptr_t) : kind_(Kind::null) {}  // NOLINT

 private:
  friend class Database;
  enum class Kind { null, integer, text };
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  std::string_view text_;  // lives as long as the call
};

/// One connection, with WAL, a statement cache and strict binds. Never share a database file with a
/// second writer (SQLite 3.40 can corrupt a WAL that two connections reset at once).
/// Durability: synchronous=NORMAL, so a commit survives any death of the process; a power failure
/// may take the latest commits but leaves the file consistent. Thread: externally locked. Errors,
/// with SQLite's text: unavailable when the file or its disk cannot be used now (full, read-only,
/// no rights, locked by somebody), internal for everything else, corrupt files too.
class Database {
 public:
  /// Opens or creates. `path` ":memory:" for tests.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs one statement to its end. Too few or too many values, or more than one statement, is an
  /// error.
  Result<void> execute(std::string_view sql, std::span<const Value> values = {});
  Result<void> execute(std::string_view sql, std::initializer_list<Value> values) {
    return execute(sql, std::span(values.begin(), values.size()));
  }
  /// The same, calling `each` for every row. `each` may use the database too.
  Result<void> query(std::string_view sql, std::span<const Value> values,
                     const std::function<void(const Row&)>& each);
  Result<void> query(std::string_view sql, std::initializer_list<Value> values,
                     const std::function<void(const Row&)>& each) {
    return query(sql, std::span(values.begin(), values.size()), each);
  }
  /// Rows changed by the last execute: how a compare-and-set knows whether it won.
  [[nodiscard]] std::int64_t changes() const;
  /// Rows changed since it was opened, also those taken back: whether something was written.
  [[nodiscard]] std::int64_t changes_total() const;
  /// False also when SQLite itself rolled back, for instance because the disk is full.
  [[nodiscard]] bool in_transaction() const;
  /// Runs each migration of a room newer than the version the file holds of it (`schema_version`),
  /// each in its own transaction: every domain owns its tables and counts its own steps. A
  /// migration may hold several statements. Refuses a newer file (unsupported), with a sentence for
  /// the user.
  Result<void> migrate(std::string_view room, std::span<const std::string_view> migrations);

  static constexpr std::size_t kStatementsMax = 64;  // prepared statements kept

 private:
  Database();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The database thread: the single writer. Jobs run in the order of submission, joined into one
/// transaction per batch (group commit), each in a savepoint so that a failed job spoils no
/// neighbour; when the transaction itself fails, each of them once more by itself. The queue is
/// bounded by its callers, who wait for an answer before they say more. Thread: `submit` is
/// thread-safe; `done` runs on the database thread after the commit, in order of submission (post
/// it to the loop yourself), with the error of the job or of its commit.
class Writer {
 public:
  explicit Writer(std::unique_ptr<Database> database);
  ~Writer();  ///< runs what is queued, then joins
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// REQUIRES: a job does not begin or end transactions, and can be run twice.
  void submit(std::function<Result<void>(Database&)> job, std::function<void(Result<void>)> done);
  /// Submits and waits. For start-up and tests, never on the loop; not from a job or its `done`.
  Result<void> run(std::function<Result<void>(Database&)> job);
  /// Why the database failed the last job that wrote; empty when it did not. What a job answers by
  /// itself (conflict, not_found) is no failure, and a job that only read well ends none.
  /// Thread-safe.
  [[nodiscard]] std::string trouble() const;

  static constexpr std::size_t kBatchJobsMax = 256;  // jobs joined into one transaction

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::sqlite
