#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "sb/core/error.h"

namespace sb {

/// A value or an Error. Dropping one is a compile-time warning, hence an error.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other)
      : tl::expected<T, Error>(std::move(other)) {}  // NOLINT: same thing
  Result(Error error)
      : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT: return error;
};

/// `return fail(ErrorCode::not_found, "no such project");` Cold: what leads to it lies apart from
/// the code that runs when nothing fails.
[[nodiscard, gnu::cold]] tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                                    std::string path = {});

/// The error of somebody else, to be returned as one's own; as cold as `fail`.
[[nodiscard, gnu::cold]] tl::unexpected<Error> fail(Error error);

}  // namespace sb

/// Returns early with the error of `expr`; otherwise binds its value: `SB_TRY(auto rows,
/// db.query(...));`
#define SB_TRY_CONCAT_(a, b) a##b
#define SB_TRY_NAME_(line) SB_TRY_CONCAT_(sb_try_, line)
#define SB_TRY(declaration, expr)                                                            \
  auto SB_TRY_NAME_(__LINE__) = (expr);                                                      \
  if (!SB_TRY_NAME_(__LINE__)) return ::sb::fail(std::move(SB_TRY_NAME_(__LINE__)).error()); \
  declaration = *std::move(SB_TRY_NAME_(__LINE__))

/// Returns early with the error of `expr`, ignoring its value.
#define SB_TRY_VOID(expr) \
  if (auto sb_try_void = (expr); !sb_try_void) return ::sb::fail(std::move(sb_try_void).error())
