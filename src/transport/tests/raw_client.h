#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sb/testing/fake_loop.h"

#include "http_message.h"

namespace sb::transport {

/// One HTTP answer as it came over the wire. Header names are lower case.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

/// One server frame.
struct RawFrame {
  int opcode = 0;
  std::string payload;
  [[nodiscard]] int close_code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return static_cast<std::uint8_t>(payload[0]) * 256 + static_cast<std::uint8_t>(payload[1]);
  }
};

/// A client made of a blocking socket with a deadline, so that a test can say exactly what is on
/// the wire.
class RawClient {
 public:
  /// `receive_buffer`: 0 leaves the kernel's; a small one makes a reader that stands still block
  /// the server soon.
  static RawClient tcp(std::uint16_t port, int receive_buffer = 0) {
    RawClient client(::socket(AF_INET, SOCK_STREAM, 0));
    if (receive_buffer > 0) {
      ::setsockopt(client.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client.connect(address);
    const int no_delay = 1;  // what a test sends in pieces goes out in pieces
    ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
    return client;
  }
  static RawClient unix_path(const std::string& path) {
    RawClient client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    client.connect(address);
    return client;
  }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// False when the server has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// True once the server has said something, or ended; waits up to `wait` for it.
  [[nodiscard]] bool has_something(std::chrono::milliseconds wait) const {
    pollfd waiting{fd_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&waiting, 1, static_cast<int>(wait.count())) > 0;
  }
  /// No more from us.
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }

  /// The next answer; status 0 when the connection ended first. `head`: to a HEAD request.
  RawResponse response(bool head = false) {
    RawResponse response;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return response;
    }
    const std::string text = take(end + 4);
    response.status = std::stoi(text.substr(9, 3));
    std::size_t line = text.find("\r\n") + 2;
    while (line < end) {
      const std::size_t colon = text.find(": ", line);
      const std::size_t stop = text.find("\r\n", line);
      response.headers[ascii_lower(text.substr(line, colon - line))] =
          text.substr(colon + 2, stop - colon - 2);
      line = stop + 2;
    }
    const auto length = response.headers.find("content-length");
    if (head || length == response.headers.end()) return response;
    const auto bytes = static_cast<std::size_t>(std::stoul(length->second));
    if (need(bytes)) response.body = take(bytes);
    return response;
  }
  RawResponse request(std::string_view bytes, bool head = false) {
    send(bytes);
    return response(head);
  }
  /// True when the server ends the stream without another byte.
  bool ends() { return !receive() && buffer_.empty(); }

  /// Everything until the server ends the stream.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(buffer_, {});
  }

  /// The next frame; nothing when the connection ended first.
  std::optional<RawFrame> frame() {
    if (!need(2)) return std::nullopt;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(buffer_[at]); };
    RawFrame result;
    if ((byte(0) & 0xF0) != 0x80 || (byte(1) & 0x80) != 0) {
      throw std::runtime_error("a server frame is whole and not masked");
    }
    result.opcode = byte(0) & 0x0F;
    std::uint64_t size = byte(1);
    std::size_t header = 2;
    if (size >= 126) {
      const std::size_t extra = size == 126 ? 2 : 8;
      if (!need(2 + extra)) return std::nullopt;
      size = 0;
      for (std::size_t i = 0; i < extra; ++i) size = size * 256 + byte(2 + i);
      header += extra;
    }
    if (!need(header + size)) return std::nullopt;
    take(header);
    result.payload = take(size);
    return result;
  }
  /// The next data or close frame: pings are left out, and not answered.
  std::optional<RawFrame> message() {
    for (;;) {
      auto next = frame();
      if (!next || next->opcode < 9) return next;
    }
  }
  /// The code of the close frame that must come next, after any data; 0 when the stream just ends.
  int close_code() {
    for (;;) {
      const auto next = frame();
      if (!next) return 0;
      if (next->opcode == 8) return next->close_code();
    }
  }

 private:
  explicit RawClient(int fd) : fd_(fd) {
    timeval limit{};
    limit.tv_sec = std::chrono::seconds(testing::kTestDeadline).count();
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }
  template <class Address>
  void connect(const Address& address) {
    const void* raw = &address;
    if (::connect(fd_, static_cast<const sockaddr*>(raw), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  bool receive() {
    std::array<char, 16384> bytes;
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EAGAIN) throw std::runtime_error("the server said nothing in time");
    if (count <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }
  bool need(std::size_t bytes) {
    while (buffer_.size() < bytes) {
      if (!receive()) return false;
    }
    return true;
  }
  std::string take(std::size_t bytes) {
    std::string taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
  }

  int fd_;
  std::string buffer_;
};

}  // namespace sb::transport
