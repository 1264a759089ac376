#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/error.h"

namespace sb::transport {

class StreamSession;

/// One parsed request. Header names are lower case. Thread: a value.
struct HttpRequest {
  std::string method;
  std::string target;  ///< as sent
  bool http11 = true;
  bool keep_alive = true;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of that (lower-case) name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
  /// True when a comma-separated list header holds `token`, whatever its case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
};

/// One answer. The body is owned, or borrowed from something that lives as long as the process.
struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  std::string_view static_body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;  ///< close the connection afterwards
  /// Set: the answer is an event stream (HTML, section 9.2, server-sent events) of this session,
  /// and `body` is nothing.
  std::shared_ptr<StreamSession> stream;
  std::string origin;  ///< of the page that opened the stream; may be empty

  [[nodiscard]] std::string_view content() const {
    return body.empty() ? static_body : std::string_view(body);
  }
  HttpResponse& add(std::string_view name, std::string value) {
    headers.emplace_back(name, std::move(value));
    return *this;
  }
};

[[nodiscard]] HttpResponse json_response(int status, std::string body);
/// The answer for an error (RFC 9457). `status` 0: by the code's own table.
[[nodiscard]] HttpResponse problem_response(const Error& error, int status = 0);
/// The same with further members: `extra` is JSON text of members without braces, may be empty.
[[nodiscard]] HttpResponse problem_response_with(const Error& error, int status,
                                                 std::string_view extra);

[[nodiscard]] std::string_view http_reason(int status);

/// How one answer travels: decided by the request it answers.
struct ResponseFraming {
  bool head = false;  ///< send no body
  bool http11 = true;
  bool keep_alive = true;
  WallTime date{};
};
/// Status line and headers up to the blank line.
[[nodiscard]] std::string encode_response_head(const HttpResponse& response,
                                               const ResponseFraming& framing);
/// The same of an answer that is an event stream: it ends with the connection.
[[nodiscard]] std::string encode_stream_head(const HttpResponse& response,
                                             const ResponseFraming& framing);

/// Appends "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
void append_http_date(std::string& out, WallTime time);

[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] bool ascii_iequals(std::string_view a, std::string_view b);
/// Without blanks and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace sb::transport
