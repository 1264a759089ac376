#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sb/core/result.h"

namespace sb::sqlite {

/// One row of a running query. Thread: externally locked. Valid inside the callback only.
class Row {
 public:
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::optional<std::string> text_or_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> integer_or_null(int column) const;

 private:
  friend class Database;
  explicit Row(void* statement) : statement_(statement) {}
  void* statement_;
};

/// A bound parameter, by position.
class Value {
 public:
  Value(std::int64_t value) : kind_(Kind::integer), integer_(value) {}          // NOLINT: literals read well
  Value(std::string_view value) : kind_(Kind::text), text_(value) {}            // NOLINT
  Value(const std::string& value) : kind_(Kind::text), text_(value) {}          // NOLINT
  Value(const char* value) : kind_(Kind::text), text_(value) {}                 // NOLINT
  Value(const std::optional<std::string>& value)                                // NOLINT
      : kind_(value ? Kind::text : Kind::null), text_(value ? std::string_view(*value) : std::string_view()) {}
  Value(std::nullptr_t) : kind_(Kind::null) {}                                  // NOLINT

 private:
  friend class Database;
  enum class Kind { null, integer, text };
  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  std::string_view text_;  // lives as long as the call
};

/// One connection, with WAL, a statement cache and strict binds. Never share a database file with a second writer
/// (SQLite 3.40 can corrupt a WAL that two connections reset at once).
/// Thread: externally locked. Errors: internal (with SQLite's text), corrupt files too.
class Database {
 public:
  /// Opens or creates. `path` ":memory:" for tests.
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();

  Result<void> execute(std::string_view sql, std::span<const Value> values = {});
  Result<void> query(std::string_view sql, std::span<const Value> values, const std::function<void(const Row&)>& each);
  /// Rows changed by the last execute: how a compare-and-set knows whether it won.
  [[nodiscard]] std::int64_t changes() const;
  /// Runs each migration newer than `PRAGMA user_version`, each in its own transaction. Refuses a newer file.
  Result<void> migrate(std::span<const std::string_view> migrations);

 private:
  Database();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The database thread: the single writer. Jobs run in the order of submission, joined into one transaction per batch
/// (group commit), each in a savepoint so that a failed job spoils no neighbour.
/// Thread: `submit` is thread-safe; `done` runs on the database thread after the commit (post it to the loop yourself), with
/// the job's error, or the commit's error for every job of the batch.
class Writer {
 public:
  explicit Writer(std::unique_ptr<Database> database);
  ~Writer();  ///< runs what is queued, then joins

  void submit(std::function<Result<void>(Database&)> job, std::function<void(Result<void>)> done);
  /// Submits and waits. For start-up and tests, never on the loop.
  Result<void> run(std::function<Result<void>(Database&)> job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::sqlite
