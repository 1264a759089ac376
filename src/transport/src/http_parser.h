#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http_message.h"

namespace sb::transport {

/// Reads one HTTP/1.x request from bytes. Hides Beast, whose headers cost 13 s per file. Make a new
/// one per request. Thread: externally locked.
class HttpParser {
 public:
  struct Limits {
    std::size_t header_bytes = 0;
    std::size_t body_bytes = 0;
  };
  enum class Status { need_more, done, failed };

  explicit HttpParser(Limits limits);
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  /// Consumes from the front of `buffer` what belongs to this request; the rest stays for the next
  /// one. An unfinished header stays in the buffer until it is whole.
  [[nodiscard]] Status feed(std::string& buffer);
  /// The answer that a failed parse deserves; the connection closes after it.
  [[nodiscard]] HttpResponse failure() const;
  /// True once, when the client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool take_expect_continue();
  /// The request, after `done`.
  [[nodiscard]] HttpRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::transport
