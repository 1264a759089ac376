#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sb::transport {

/// Sends on many sockets: with one system call where the kernel has io_uring and lets us, because
/// to send one message to thousands of subscribers costs mostly the calls; else with one for each.
/// A send that would block fails at once, so nothing ever waits for a peer. Thread: confined to the
/// loop.
class SendRing {
 public:
  static constexpr std::size_t kSendsMax = 128;  // in one system call

  explicit SendRing(bool io_uring);
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  /// Whether they go in one system call. The first question, or send, sets the ring up.
  [[nodiscard]] bool joined() {
    if (wanted_) set_up();
    return ring_ != nullptr;
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool full() const { return count_ == kSendsMax; }
  /// `bytes` must live until `run` returned.
  /// REQUIRES: not full; `fd` is a non-blocking socket.
  void add(int fd, std::string_view bytes);
  /// Sends everything that was added. Answers how many bytes each socket took, in order of being
  /// added and valid until the next `run`; 0 when none, and a try on the socket itself tells why.
  [[nodiscard]] std::span<const std::size_t> run();

 private:
  void set_up();

  struct Ring;
  struct Send {
    int fd;
    std::string_view bytes;
  };

  bool wanted_;
  std::unique_ptr<Ring> ring_;
  std::size_t count_ = 0;
  std::array<Send, kSendsMax> sends_;  // without a ring
  std::array<std::size_t, kSendsMax> sent_;
};

}  // namespace sb::transport
