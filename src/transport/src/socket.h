#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <utility>

#include "sb/core/unique_fd.h"

#include "ready_set.h"

namespace sb::transport {

class Connection;

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

/// A connected stream socket that is tried first and waited for only when it would block, so that
/// nothing is allocated or queued per message. Thread: confined to the loop. Owns its descriptor;
/// borrows the set, which tells its owner.
class Socket {
 public:
  /// Takes a non-blocking descriptor.
  Socket(ReadySet& ready, int fd) : ready_(&ready), fd_(fd) {}
  Socket(Socket&&) = default;
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  [[nodiscard]] int handle() const { return fd_.get(); }
  /// Whose `on_readable` and `on_writable` the waits below call. Before the first of them.
  void set_owner(Connection& owner) { ready_->set_owner(fd_.get(), owner); }
  [[nodiscard]] IoResult read(std::span<char> into);
  [[nodiscard]] IoResult write(std::span<const iovec> parts);
  /// No more from us; the peer sees the end of the stream.
  void finish_writing();
  void close();

  /// Tells the owner once when it may be read. Never after `close`.
  void wait_readable() { ready_->want(fd_.get(), ReadySet::kReadable); }
  void wait_writable() { ready_->want(fd_.get(), ReadySet::kWritable); }

 private:
  ReadySet* ready_;
  UniqueFd fd_;
};

}  // namespace sb::transport
