#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "sb/core/log.h"
#include "sb/core/result.h"

#include "access.h"
#include "event_loop_impl.h"

namespace sb::transport {

/// A bound, listening socket with its address; closes itself.
class ListenSocket {
 public:
  struct TcpOptions {
    std::string host;
    std::uint16_t port = 0;
  };
  /// Errors: invalid_argument (not an address), unavailable.
  static Result<ListenSocket> tcp(const TcpOptions& options);
  /// Mode 0600. A socket file nobody listens on is replaced. Errors: invalid_argument (too long),
  /// unavailable (in use, or not a socket).
  static Result<ListenSocket> unix_path(const std::string& path);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ~ListenSocket();

  [[nodiscard]] int release();
  [[nodiscard]] const std::string& host() const {
    return host_;
  }  ///< the address bound, without brackets
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  explicit ListenSocket(int fd) : fd_(fd) {}
  int fd_;
  std::string host_;
  std::uint16_t port_ = 0;
};

/// True for a host text that `ListenSocket::tcp` binds to loopback only.
[[nodiscard]] bool is_loopback_bind(const std::string& host);

/// Accepts connections and hands over non-blocking, close-on-exec descriptors. Rests for a moment
/// when the process is out of descriptors instead of spinning. Thread: confined to the loop.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Handler = std::function<void(int fd, Peer peer)>;
  Listener(EventLoop& loop, ListenSocket socket, bool unix_socket, Logger log, Handler handler);
  void start();
  void stop();

 private:
  void accept_some();

  EventLoop& loop_;
  boost::asio::posix::basic_stream_descriptor<EventLoop::Impl::Executor> descriptor_;
  bool unix_socket_;
  bool complained_ = false;
  Logger log_;
  Handler handler_;
};

/// Removes the socket file when dropped, if it is still the one that was made. Thread: a value.
class SocketFile {
 public:
  explicit SocketFile(std::string path);
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace sb::transport
