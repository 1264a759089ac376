#include "socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace sb::transport {
namespace {

IoResult from_return(ssize_t count) {
  if (count >= 0) return {IoResult::Kind::done, static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
    return {IoResult::Kind::would_block, 0};
  return {IoResult::Kind::failed, 0};
}

}  // namespace

IoResult Socket::read(std::span<char> into) {
  ssize_t count = 0;
  do {
    count = ::recv(descriptor_.native_handle(), into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  return from_return(count);
}

IoResult Socket::write(std::span<const iovec> parts) {
  ssize_t count = 0;
  if (parts.size() == 1) {  // saves the kernel a look at the list
    do {
      count =
          ::send(descriptor_.native_handle(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    return from_return(count);
  }
  msghdr message{};
  message.msg_iov =
      const_cast<iovec*>(parts.data());  // sendmsg takes it mutable and does not write
  message.msg_iovlen = parts.size();
  do {
    count = ::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return from_return(count);
}

void Socket::finish_writing() {
  ::shutdown(descriptor_.native_handle(), SHUT_WR);
}

void Socket::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

}  // namespace sb::transport
