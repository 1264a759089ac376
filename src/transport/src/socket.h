#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "event_loop_impl.h"

namespace sb::transport {

/// What one attempt to read or write came to.
struct IoResult {
  enum class Kind {
    done,         ///< `bytes` moved; 0 read means the peer has finished sending
    would_block,  ///< wait, then try again
    failed,       ///< the connection is dead
  };
  Kind kind = Kind::done;
  std::size_t bytes = 0;
};

/// A connected stream socket that is tried first and waited for only when it would block: Asio
/// watches, the system calls are our own, so that nothing is allocated or queued per message.
/// Thread: confined to the loop. Owns its descriptor.
class Socket {
 public:
  /// Takes a non-blocking descriptor.
  Socket(EventLoop::Impl& loop, int fd) : descriptor_(loop.context.get_executor(), fd) {}

  [[nodiscard]] int handle() { return descriptor_.native_handle(); }
  [[nodiscard]] IoResult read(std::span<char> into);
  [[nodiscard]] IoResult write(std::span<const iovec> parts);
  /// No more from us; the peer sees the end of the stream.
  void finish_writing();
  void close();
  [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }

  /// Calls `fn()` once when it may be read. Never after `close`.
  template <class Fn>
  void wait_readable(Fn fn) {
    descriptor_.async_wait(Descriptor::wait_read, guarded(std::move(fn)));
  }
  template <class Fn>
  void wait_writable(Fn fn) {
    descriptor_.async_wait(Descriptor::wait_write, guarded(std::move(fn)));
  }

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<EventLoop::Impl::Executor>;

  template <class Fn>
  static auto guarded(Fn fn) {
    return [fn = std::move(fn)](const boost::system::error_code& error) mutable {
      if (!error) fn();
    };
  }

  Descriptor descriptor_;
};

}  // namespace sb::transport
