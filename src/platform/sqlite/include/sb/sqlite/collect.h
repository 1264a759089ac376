#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sb/core/result.h"
#include "sb/sqlite/database.h"

namespace sb::sqlite {

/// Every row of a query as `read` understands it, in order: `Result<T> read(const Row&)`. A row
/// that cannot be read is the error of the whole. Thread: that of the database.
template <class Read>
auto collect(Database& database, std::string_view sql, std::initializer_list<Value> values,
             Read read)
    -> Result<std::vector<typename std::invoke_result_t<Read, const Row&>::value_type>> {
  std::vector<typename std::invoke_result_t<Read, const Row&>::value_type> found;
  std::optional<Error> unreadable;
  SB_TRY_VOID(database.query(sql, values, [&](const Row& row) {
    auto one = read(row);
    if (one) {
      found.push_back(*std::move(one));
    } else {
      unreadable = std::move(one).error();
    }
  }));
  if (unreadable) return *std::move(unreadable);
  return found;
}

}  // namespace sb::sqlite
