#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace sb::transport {

class Connection;

/// Which sockets may be read or written: an epoll of their own, which Asio watches as one
/// descriptor. A connection that waits for its next message, again and again, costs no system call
/// (one for each wait on a descriptor of Asio).
/// Thread: confined to the loop. Nobody is called once it has been forgotten.
class ReadySet {
 public:
  enum Interest : std::uint8_t { kReadable = 1, kWritable = 2 };
  using Executor = boost::asio::io_context::executor_type;

  explicit ReadySet(const Executor& executor);

  /// Whose socket this is from now on. Borrowed until `forget` or another owner.
  void set_owner(int fd, Connection& owner);
  /// Calls `on_readable` or `on_writable` of the owner once, when the socket can do that or is
  /// broken; now and then once too often.
  void want(int fd, Interest interest);
  /// Before the socket is closed. What it wanted is void.
  void forget(int fd);
  /// Whether owners are being told right now. Then `at_end` runs `task` once all of them have been,
  /// in the same turn of the loop: to come back to it takes two system calls.
  [[nodiscard]] bool telling() const { return telling_; }
  void at_end(std::function<void()> task) { at_end_.push_back(std::move(task)); }

 private:
  struct Watch {
    Connection* owner = nullptr;
    std::uint8_t wanted = 0;
    std::uint8_t watched = 0;  // what epoll knows of; 0: it does not know the socket
  };
  void wait();
  void take_ready();
  void tell(int fd, std::uint32_t events);
  void watch(int fd, std::uint8_t interest);

  static constexpr std::size_t kEventsPerTurn = 256;  // sockets, then others have their turn

  boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
  std::vector<Watch> watches_;  // by descriptor: the kernel hands out the lowest numbers
  std::array<epoll_event, kEventsPerTurn> events_;
  bool telling_ = false;
  std::vector<std::function<void()>> at_end_;
};

}  // namespace sb::transport
