#include "socket.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sb::transport {
namespace {

IoResult from_return(ssize_t count) {
  if (count >= 0) return {IoResult::Kind::done, static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
    return {IoResult::Kind::would_block, 0};
  return {IoResult::Kind::failed, 0};
}

/// One system call, again when a signal came first.
template <class Call>
IoResult attempt(Call call) {
  ssize_t count = 0;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return from_return(count);
}

}  // namespace

IoResult Socket::read(std::span<char> into) {
  return attempt([&] { return ::recv(fd_.get(), into.data(), into.size(), 0); });
}

IoResult Socket::write(std::span<const iovec> parts) {
  if (parts.size() == 1) {  // saves the kernel a look at the list
    // Not `send`: a cancellation point, which costs locked instructions where there are threads.
    return attempt([&, part = parts[0]] {
      return ::syscall(SYS_sendto, fd_.get(), part.iov_base, part.iov_len, MSG_NOSIGNAL, nullptr,
                       0);
    });
  }
  msghdr message{};
  message.msg_iov =
      const_cast<iovec*>(parts.data());  // sendmsg takes it mutable and does not write
  message.msg_iovlen = parts.size();
  return attempt([&] { return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL); });
}

void Socket::finish_writing() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void Socket::close() {
  if (!fd_.open()) return;
  ready_->forget(fd_.get());
  fd_.reset();
}

}  // namespace sb::transport
