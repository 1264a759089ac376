#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/result.h"

namespace sb::http_client {

/// One request to another server.
struct Request {
  std::string method = "GET";  ///< GET or POST
  std::string url;             ///< http or https; never logged by this room
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                                   ///< sent with POST
  std::chrono::milliseconds connect_timeout{10'000};  ///< name, connection, TLS
  std::chrono::milliseconds timeout{30'000};          ///< everything, to the last byte
  std::size_t body_bytes_max = 16U << 20U;            ///< of the answer, after decompression
};

/// What the other server answered, whatever its status.
struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;

  /// The last header of that (lower-case) name.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// Sends HTTP requests with libcurl, which is loaded when the first request is sent and never
/// before: a command that needs no network does not pay for it. Redirects are not followed, so that
/// a credential stays with the server it was meant for; connections are kept for the next request.
/// Thread-safe; `send` blocks its caller: workers only, never the loop. Errors of `send`:
/// unavailable (no library, no name, no connection, broken answer), timeout, limit_exceeded (the
/// answer is too large), invalid_argument (no such URL). A status of 400 or more is an answer, not
/// an error.
class Client {
 public:
  /// `libraries`: names for dlopen, the first that loads is used.
  explicit Client(std::vector<std::string> libraries = {"libcurl.so.4", "libcurl-gnutls.so.4"});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<Response> send(const Request& request);
  /// Ends running calls soon (unavailable) and refuses later ones: before the workers are joined.
  void cancel_all();

  static constexpr std::size_t kHeaderBytesMax = 64U << 10U;  ///< of one answer
  static constexpr std::size_t kKeptMax = 2;                  ///< handles kept with connections

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::http_client
