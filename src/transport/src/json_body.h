#pragma once

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"

#include "http_message.h"

namespace sb::transport {

/// True for a body that is said to be JSON and neither compressed nor otherwise encoded.
[[nodiscard]] inline bool is_plain_json(const HttpRequest& request) {
  const auto type = request.header("content-type");
  const auto encoding = request.header("content-encoding");
  return type && ascii_iequals(trim(type->substr(0, type->find(';'))), "application/json") &&
         (!encoding || ascii_iequals(*encoding, "identity"));
}

/// The JSON body of a command. Errors: unsupported (no JSON was sent), invalid_argument with
/// the path of what is wrong.
template <class T>
Result<T> read_json_body(const HttpRequest& request) {
  if (!is_plain_json(request)) {
    return fail(ErrorCode::unsupported, "Send application/json.");
  }
  JsonDocument document;
  SB_TRY(const auto value, document.parse(request.body));
  return from_json<T>(value, "$");
}

}  // namespace sb::transport
