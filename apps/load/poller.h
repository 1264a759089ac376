#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "sb/core/unique_fd.h"

namespace sb::load {

/// Nanoseconds of the monotonic clock.
[[nodiscard]] std::uint64_t mono_nanos();

/// Something with a descriptor. Thread: the loop's.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual void on_ready(std::uint32_t events) = 0;  ///< EPOLLIN and the like
};

/// The one loop of the generator: descriptors and times. Thread: its owner's.
class Poller {
 public:
  Poller();
  void watch(int fd, Watched& watched, std::uint32_t events);
  void change(int fd, Watched& watched, std::uint32_t events);
  void forget(Watched& watched);  ///< its descriptor is closed; what is due for it is dropped
  /// Wakes `watched` with no events at that time.
  void wake(std::uint64_t at, Watched& watched);
  /// One round, at most until `until`.
  void run(std::uint64_t until);

 private:
  UniqueFd epoll_;
  std::multimap<std::uint64_t, Watched*> due_;
};

/// A socket to the server that does not block. -1 when there is no descriptor left.
[[nodiscard]] int connect_to(const std::string& host, std::uint16_t port);
/// Ends the connection of such a socket, so that the other end hears of it at once, and begins
/// another. False when it cannot.
[[nodiscard]] bool connect_again(int fd, const std::string& host, std::uint16_t port);
/// Closes so that the other end hears of it at once, as after a cut.
void reset_connection(UniqueFd& fd);
/// Lets this process have as many descriptors as it may.
void raise_descriptor_limit();

}  // namespace sb::load
