#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sb::transport {

/// Sends on many sockets with one system call, by io_uring: to send one message to thousands of
/// subscribers costs mostly the calls. A send that would block fails at once, so `run` never waits
/// for a peer. Where the kernel has no io_uring, or does not let us, `available` is false. Thread:
/// confined to the loop.
class SendRing {
 public:
  static constexpr std::size_t kSendsMax = 128;  // in one system call

  SendRing();
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  /// The first call sets the ring up.
  [[nodiscard]] bool available();
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == kSendsMax; }
  /// `bytes` must live until `run` returned.
  /// REQUIRES: available, not full; `fd` is a non-blocking socket.
  void add(int fd, std::string_view bytes);
  /// Sends everything that was added. Answers how many bytes each socket took, in order of being
  /// added and valid until the next `run`; 0 when none, and a try on the socket itself tells why.
  [[nodiscard]] std::span<const std::size_t> run();

 private:
  struct Ring;
  std::unique_ptr<Ring> ring_;
  bool tried_ = false;
  std::size_t count_ = 0;
  std::array<std::size_t, kSendsMax> sent_;
};

}  // namespace sb::transport
