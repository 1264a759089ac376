#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sb/core/result.h"

namespace sb::ws_client {

/// A WebSocket (RFC 6455) over a Unix socket of this machine, as its client: text messages, one
/// after the other. Everything together, opening included, ends within the budget. Owns its
/// connection, which is dropped with it. Thread: externally locked; every call blocks, so workers
/// only, never the loop. Errors: unavailable (nobody listens, refused, closed), timeout,
/// limit_exceeded (a message is too big), invalid_argument (the path is too long).
class Conversation {
 public:
  /// `target`: of the upgrade request, for instance "/".
  static Result<std::unique_ptr<Conversation>> open(const std::string& socket_path,
                                                    const std::string& target,
                                                    std::chrono::milliseconds budget);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  Result<void> send(std::string_view text);
  /// The next text message.
  Result<std::string> receive();

  static constexpr std::size_t kMessageBytesMax = 4U << 20U;

 private:
  struct Impl;
  explicit Conversation(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::ws_client
