#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sb {

/// What went wrong, as a closed set. One table maps it to HTTP status and wire text (see below).
enum class ErrorCode {
  invalid_argument,
  not_found,
  conflict,
  unauthorized,
  forbidden,
  limit_exceeded,
  unavailable,
  timeout,
  unsupported,
  internal,
};

/// The wire text of a code, for instance "invalid_argument" (protocol, head of the page).
[[nodiscard]] std::string_view to_text(ErrorCode code);

/// The HTTP status of a code, for instance 400.
[[nodiscard]] int http_status(ErrorCode code);

/// An error as a value: a code to decide by, a full sentence for a person, and where in the input
/// it happened. Thread: immutable after construction. `path` is a JSON path ("$.data.prNumber") or
/// empty.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string path;

  /// The same error with context put in front: "while reading HEAD: no such file".
  [[nodiscard]] Error with(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

}  // namespace sb
