#include "sb/sqlite/database.h"

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sb/core/check.h"
#include "sb/core/hash.h"

namespace sb::sqlite {
namespace {

// How long a statement waits for somebody's lock (a person with the sqlite3 shell), in
// milliseconds.
constexpr int kBusyTimeoutMs = 5'000;
// The WAL file is cut back to this after a checkpoint, in bytes.
constexpr int kWalBytesKept = 4 << 20;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return hash_text(text); }
};

// What can be otherwise the next time is not our mistake, nor a damaged file.
ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xFF) {  // the extended codes hold the primary one
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

sqlite3_stmt* as_statement(void* statement, int column, int columns) {
  SB_CHECK(column >= 0 && column < columns, "no such column in the query");
  return static_cast<sqlite3_stmt*>(statement);
}

std::string_view column_text(sqlite3_stmt* statement, int column) {
  // The text must be asked for before its length.
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

}  // namespace

std::int64_t Row::integer(int column) const {
  return sqlite3_column_int64(as_statement(statement_, column, columns_), column);
}

std::string Row::text(int column) const {
  return std::string(view(column));
}

std::string_view Row::view(int column) const {
  return column_text(as_statement(statement_, column, columns_), column);
}

std::optional<std::string> Row::text_or_null(int column) const {
  auto* statement = as_statement(statement_, column, columns_);
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::nullopt;
  return std::string(column_text(statement, column));
}

std::optional<std::int64_t> Row::integer_or_null(int column) const {
  auto* statement = as_statement(statement_, column, columns_);
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_int64(statement, column);
}

struct Database::Impl {
  std::string path;
  std::unique_ptr<sqlite3, Close> connection;
  // Prepared statements by their SQL. One in use is taken out, so that a nested call gets its own;
  // its place stays, which costs nothing to find again.
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> idle;

  [[nodiscard]] tl::unexpected<Error> failure(std::string_view sql) const {
    const int code = sqlite3_extended_errcode(connection.get());
    return fail(code_of(code), fmt::format("database {}: {} (SQLite {}) in \"{}\"", path,
                                           sqlite3_errmsg(connection.get()), code, sql));
  }

  Result<Statement> prepare(std::string_view sql) const {
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, &rest);
    Statement statement(raw);
    if (code != SQLITE_OK) return failure(sql);
    const std::string_view tail = sql.substr(static_cast<std::size_t>(rest - sql.data()));
    if (!statement || tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      return fail(ErrorCode::internal, fmt::format("not exactly one statement: \"{}\"", sql));
    }
    return statement;
  }

  Result<void> bind(sqlite3_stmt* statement, int position, const Value& value) const {
    int code = SQLITE_OK;
    switch (value.kind_) {
      case Value::Kind::null:
        code = sqlite3_bind_null(statement, position);
        break;
      case Value::Kind::integer:
        code = sqlite3_bind_int64(statement, position, value.integer_);
        break;
      case Value::Kind::text:
        // An empty view may hold a null pointer, which would bind NULL. Static: it lives as long as
        // the call.
        code =
            sqlite3_bind_text64(statement, position, value.text_.empty() ? "" : value.text_.data(),
                                value.text_.size(), SQLITE_STATIC, SQLITE_UTF8);
        break;
    }
    if (code != SQLITE_OK) return failure(sqlite3_sql(statement));
    return {};
  }

  Result<void> run(std::string_view sql, std::span<const Value> values,
                   const std::function<void(const Row&)>* each) {
    const auto known = idle.find(sql);
    Statement* place = known == idle.end() ? nullptr : &known->second;
    Statement statement = place == nullptr ? nullptr : std::move(*place);
    if (!statement) {
      SB_TRY(statement, prepare(sql));
    }
    const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement.get()));
    if (wanted != values.size()) {
      return fail(ErrorCode::internal,
                  fmt::format("{} values for {} parameters in \"{}\"", values.size(), wanted, sql));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      SB_TRY_VOID(bind(statement.get(), static_cast<int>(i) + 1, values[i]));
    }
    const int columns = sqlite3_column_count(statement.get());
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
      if (each != nullptr) (*each)(Row(statement.get(), columns));
    }
    if (code != SQLITE_DONE) return failure(sql);  // the statement is finalized, not kept
    sqlite3_reset(statement.get());
    sqlite3_clear_bindings(statement.get());
    if (place == nullptr && idle.size() < kStatementsMax) {
      place = &idle.emplace(sql, nullptr).first->second;
    }
    if (place != nullptr) *place = std::move(statement);
    return {};
  }

  /// Several statements without values.
  Result<void> script(const std::string& sql) const {
    if (sqlite3_exec(connection.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      return failure(sql);
    }
    return {};
  }

  Result<std::int64_t> number(std::string_view sql) {
    std::int64_t result = 0;
    const std::function<void(const Row&)> each = [&](const Row& row) { result = row.integer(0); };
    SB_TRY_VOID(run(sql, {}, &each));
    return result;
  }
};

Database::Database() : impl_(std::make_unique<Impl>()) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  std::unique_ptr<Database> database(new Database);  // NOLINT: the constructor is private
  Impl& impl = *database->impl_;
  impl.path = path;
  sqlite3* raw = nullptr;
  // One thread at a time is the caller's promise, so SQLite needs no mutex of its own.
  const int code = sqlite3_open_v2(
      path.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  impl.connection.reset(raw);
  if (code != SQLITE_OK) return impl.failure("open");
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  // Debian's build has secure_delete on and synchronous FULL for WAL, so each choice is spelled
  // out. Without mmap an I/O error is an error, not a SIGBUS.
  SB_TRY_VOID(impl.script(
      fmt::format("PRAGMA mmap_size=0; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                  "PRAGMA foreign_keys=ON; PRAGMA secure_delete=OFF; PRAGMA journal_size_limit={};",
                  kWalBytesKept)));
  return database;
}

Result<void> Database::execute(std::string_view sql, std::span<const Value> values) {
  return impl_->run(sql, values, nullptr);
}

Result<void> Database::query(std::string_view sql, std::span<const Value> values,
                             const std::function<void(const Row&)>& each) {
  return impl_->run(sql, values, &each);
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(impl_->connection.get());
}

std::int64_t Database::changes_total() const {
  return sqlite3_total_changes64(impl_->connection.get());
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(impl_->connection.get()) == 0;
}

Result<void> Database::migrate(std::string_view room,
                               std::span<const std::string_view> migrations) {
  SB_TRY_VOID(impl_->script(
      "CREATE TABLE IF NOT EXISTS schema_version (room TEXT PRIMARY KEY, version INTEGER NOT NULL) "
      "STRICT"));
  // A file from when one room counted alone, in its header.
  SB_TRY_VOID(
      execute("INSERT INTO schema_version SELECT ?, user_version FROM pragma_user_version "
              "WHERE user_version > 0 AND NOT EXISTS (SELECT 1 FROM schema_version)",
              {room}));
  std::int64_t version = 0;
  SB_TRY_VOID(query("SELECT version FROM schema_version WHERE room = ?", {room},
                    [&](const Row& row) { version = row.integer(0); }));
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > known) {
    return fail(
        ErrorCode::unsupported,
        fmt::format("the database {} has schema {} of {}, this program knows schema {} at most: a "
                    "newer version wrote it; use that one, or another data directory",
                    impl_->path, version, room, known));
  }
  for (std::int64_t next = version; next < known; ++next) {
    const auto script = fmt::format(
        "BEGIN IMMEDIATE; {}; INSERT OR REPLACE INTO schema_version VALUES ('{}', {}); COMMIT;",
        migrations[static_cast<std::size_t>(next)], room, next + 1);
    if (auto done = impl_->script(script); !done) {
      if (in_transaction()) SB_TRY_VOID(impl_->script("ROLLBACK"));
      return std::move(done).error().with(fmt::format("migration {} of {}", next + 1, room));
    }
  }
  return {};
}

}  // namespace sb::sqlite
