#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace sb::transport {
namespace {

constexpr int kBacklog = 4096;                         // connections
constexpr int kAcceptsPerTurn = 64;                    // connections
constexpr std::chrono::milliseconds kAcceptRest{100};  // when out of descriptors
// Unsent bytes the kernel takes for one connection: a reader that stands still costs no more, and
// what it gets when it goes on is built from newer state.
constexpr int kUnsentBytesMax = 256 << 10;
// What is sent and never acknowledged: the peer is gone without a word. Longer than a reader may
// stand still (ServerConfig::stall_timeout), so that such a one still hears that it was too slow.
constexpr unsigned kUnacknowledgedMs = 60'000;
constexpr mode_t kSocketMode = 0600;

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

tl::unexpected<Error> socket_error(std::string_view what, int error) {
  return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, errno_text(error)));
}

template <class T>
void set_option(int fd, int level, int name, const T& value) {
  // Tuning only: a kernel that refuses serves as well, just slower.
  (void)::setsockopt(fd, level, name, &value, sizeof(value));
}

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // as the socket calls have it
}
template <class Address>
sockaddr* as_sockaddr(Address& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

struct TcpAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<TcpAddress> tcp_address(std::string host, std::uint16_t port) {
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  TcpAddress result;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&result.storage, &v4, sizeof(v4));
    result.size = sizeof(v4);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&result.storage, &v6, sizeof(v6));
    result.size = sizeof(v6);
  } else {
    return std::nullopt;
  }
  return result;
}

std::pair<std::string, std::uint16_t> address_text(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof(v4));
    const auto byte = [address = ntohl(v4.sin_addr.s_addr)](unsigned shift) {
      return address >> shift & 255U;
    };
    return {fmt::format("{}.{}.{}.{}", byte(24), byte(16), byte(8), byte(0)), ntohs(v4.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof(v6));
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(v6.sin6_port)};
  }
  return {};
}

/// True when somebody answers on the socket file.
bool is_live(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const int result = ::connect(fd, as_sockaddr(address), sizeof(address));
  const int error = errno;
  ::close(fd);
  return result == 0 || error == EAGAIN;  // EAGAIN: its backlog is full
}

}  // namespace

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), host_(std::move(other.host_)), port_(other.port_) {}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) ::close(fd_);
}

int ListenSocket::release() {
  return std::exchange(fd_, -1);
}

Result<ListenSocket> ListenSocket::tcp(const TcpOptions& options) {
  const auto address = tcp_address(options.host, options.port);
  if (!address) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("\"{}\" is not an IP address or localhost", options.host));
  }
  ListenSocket socket(::socket(address->storage.ss_family,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.fd_ < 0) return socket_error("cannot open a socket", errno);
  // All of these are inherited by the accepted sockets.
  set_option(socket.fd_, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(socket.fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket.fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytesMax);
  set_option(socket.fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  // Where bbr is the default it would pace large answers as if loopback had a bandwidth to find
  // out.
  if (is_loopback_bind(options.host)) {
    (void)::setsockopt(socket.fd_, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  }
  if (::bind(socket.fd_, as_sockaddr(address->storage), address->size) != 0 ||
      ::listen(socket.fd_, kBacklog) != 0) {
    return socket_error(fmt::format("cannot listen on {}:{}", options.host, options.port), errno);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(socket.fd_, as_sockaddr(bound), &size) != 0)
    return socket_error("cannot read the address", errno);
  std::tie(socket.host_, socket.port_) = address_text(bound);
  return socket;
}

Result<ListenSocket> ListenSocket::unix_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return fail(ErrorCode::invalid_argument, fmt::format("a socket path has 1 to {} bytes: \"{}\"",
                                                         sizeof(address.sun_path) - 1, path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return fail(ErrorCode::unavailable, fmt::format("\"{}\" is not a socket", path));
    if (is_live(address)) {
      return fail(ErrorCode::unavailable, fmt::format("another server listens on \"{}\"", path));
    }
    if (::unlink(path.c_str()) != 0)
      return socket_error(fmt::format("cannot replace \"{}\"", path), errno);
  }
  ListenSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd_ < 0) return socket_error("cannot open a socket", errno);
  // Before bind, so that the file never exists with another mode.
  if (::fchmod(socket.fd_, kSocketMode) != 0 ||
      ::bind(socket.fd_, as_sockaddr(address), sizeof(address)) != 0) {
    return socket_error(fmt::format("cannot listen on \"{}\"", path), errno);
  }
  if (::chmod(path.c_str(), kSocketMode) != 0 || ::listen(socket.fd_, kBacklog) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return socket_error(fmt::format("cannot listen on \"{}\"", path), error);
  }
  socket.host_ = path;
  return socket;
}

bool is_loopback_bind(const std::string& host) {
  const auto address = tcp_address(host, 0);
  return address && is_loopback_address(address_text(address->storage).first);
}

Listener::Listener(EventLoop& loop, ListenSocket socket, bool unix_socket, Logger log,
                   Handler handler)
    : loop_(loop),
      descriptor_(loop.impl().context.get_executor(), socket.release()),
      unix_socket_(unix_socket),
      log_(std::move(log)),
      handler_(std::move(handler)) {}

void Listener::start() {
  descriptor_.async_wait(decltype(descriptor_)::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error && self->descriptor_.is_open()) self->accept_some();
                         });
}

void Listener::stop() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  handler_ = nullptr;
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn && descriptor_.is_open(); ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    const int fd = ::accept4(descriptor_.native_handle(), as_sockaddr(from), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      complained_ = false;
      handler_(fd, unix_socket_ ? Peer{true, {}} : Peer{false, address_text(from).first});
      continue;
    }
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      if (!complained_) log_.warn("cannot accept connections", {kv("reason", errno_text(error))});
      complained_ = true;
      loop_.after(kAcceptRest, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->descriptor_.is_open()) self->start();
      });
      return;
    }
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    // Anything else concerns the one connection that went away while it waited.
  }
  if (descriptor_.is_open()) start();
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

SocketFile::~SocketFile() {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace sb::transport
