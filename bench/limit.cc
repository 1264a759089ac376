// What a machine can deliver at most: a program that does nothing but send. It answers
// snapboard-load as a snapboard would, with texts recorded from one, and knows no event, no store
// and no view. bench/limits.mjs measures the server against it. Sends one message with each system
// call ("each"), or everything of one turn of the loop ("joined").
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t kReadBytes = 256U << 10U;
constexpr std::size_t kSendBytesMax = 64U << 10U;  // of one system call
constexpr std::size_t kPiecesMax = 64;             // of one system call
constexpr int kEventsMax = 512;
constexpr std::string_view kHeadEnd = "\r\n\r\n";
// The answer to the sample key of RFC 6455 section 1.3, the only one snapboard-load sends.
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::string_view kAccepted =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) die(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string frame_head(std::size_t bytes) {
  std::string head("\x81");
  const auto put = [&](int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
      head += static_cast<char>(bytes >> shift);
  };
  if (bytes < 126) {
    put(1);
  } else if (bytes <= 0xFFFF) {
    head += '\x7e';
    put(2);
  } else {
    head += '\x7f';
    put(8);
  }
  return head;
}

/// A recorded `snapshot_changed`, cut where the workspace, its name and the revision stand.
class Template {
 public:
  Template(const std::string& text, std::string_view id, std::string_view name) {
    std::string_view rest = text;
    while (!rest.empty()) {
      std::size_t at = std::string_view::npos;
      Slot slot = Slot::none;
      std::size_t size = 0;
      const auto look = [&](std::string_view what, Slot kind, std::size_t skip) {
        const auto found = rest.find(what);
        if (found == std::string_view::npos || found + skip >= at) return;
        at = found + skip;
        slot = kind;
        size = what.size() - skip;
      };
      const std::string quoted_id = '"' + std::string(id) + '"';
      const std::string quoted_name = "\"name\":\"" + std::string(name) + '"';
      look(quoted_id, Slot::id, 0);
      look(quoted_name, Slot::name, 7);
      for (const std::string_view number : {"\"version\":", "\"revision\":"}) {
        look(number, Slot::revision, number.size());
      }
      if (slot == Slot::revision)
        size = std::min(rest.find_first_not_of("0123456789", at), rest.size()) - at;
      if (slot == Slot::none) at = rest.size();
      parts_.push_back({std::string(rest.substr(0, at)), slot});
      rest.remove_prefix(at + size);
    }
  }

  /// `id` and `name` with their quotes.
  [[nodiscard]] std::string frame(std::string_view id, std::string_view name,
                                  std::uint64_t revision) const {
    const std::string number = std::to_string(revision);
    const auto value = [&](Slot slot) -> std::string_view {
      return slot == Slot::id         ? id
             : slot == Slot::name     ? name
             : slot == Slot::revision ? number
                                      : "";
    };
    std::size_t bytes = 0;
    for (const Part& part : parts_) bytes += part.text.size() + value(part.slot).size();
    std::string out = frame_head(bytes);
    out.reserve(out.size() + bytes);
    for (const Part& part : parts_) out.append(part.text).append(value(part.slot));
    return out;
  }

 private:
  enum class Slot : std::uint8_t { none, id, name, revision };
  struct Part {
    std::string text;
    Slot slot;
  };
  std::vector<Part> parts_;
};

/// A recorded baseline in as many pieces as it has entries, as a server that keeps the texts of
/// entries would send it.
std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> pieces{frame_head(text.size())};
  std::size_t from = 0;
  for (std::size_t at = 0; from < text.size(); from = at) {
    at = std::min(text.find("{\"workspaceId\":", from + 1), text.size());
    pieces.push_back(text.substr(from, at - from));
  }
  return pieces;
}

using Bytes = std::shared_ptr<const std::string>;

struct Connection {
  int fd = -1;
  bool subscriber = false;
  bool blocked = false;
  std::string in;
  const std::vector<std::string>* baseline = nullptr;  // being sent
  std::size_t piece = 0;                               // of it
  std::size_t piece_sent = 0;
  std::vector<Bytes> queue;    // behind a socket that would block
  std::size_t queue_sent = 0;  // bytes of the first
};

class Limit {
 public:
  Limit(bool joined, std::vector<std::string> baseline, Template changed)
      : joined_(joined),
        baseline_(std::move(baseline)),
        changed_(std::move(changed)),
        buffer_(kReadBytes) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (epoll_ < 0 || listener_ < 0) die("socket");
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener_, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      die("bind");
    }
    watch(listener_, nullptr, EPOLL_CTL_ADD, EPOLLIN);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, kEventsMax> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), kEventsMax, -1);
      for (int i = 0; i < count; ++i) {
        auto* const connection =
            static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
        if (connection == nullptr) {
          accept_all();
          continue;
        }
        if ((what & EPOLLOUT) != 0) drain(*connection);
        if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && connection->fd >= 0) read(*connection);
      }
      if (!turn_.empty()) send_turn();
      gone_.clear();
    }
  }

 private:
  void watch(int fd, Connection* connection, int operation, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) die("epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const auto index = static_cast<std::size_t>(fd);
      if (connections_.size() <= index) connections_.resize(index + 1);
      connections_[index] = std::make_unique<Connection>();
      connections_[index]->fd = fd;
      watch(fd, connections_[index].get(), EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void close(Connection& connection) {
    const auto index = static_cast<std::size_t>(connection.fd);
    ::close(connection.fd);
    connection.fd = -1;
    if (connection.subscriber)
      subscribers_.erase(std::find(subscribers_.begin(), subscribers_.end(), &connection));
    gone_.push_back(std::move(connections_[index]));
  }

  void read(Connection& connection) {
    const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close(connection);
    if (connection.subscriber) return;  // pongs
    connection.in.append(buffer_.data(), static_cast<std::size_t>(got));
    const auto head = connection.in.find(kHeadEnd);
    if (head == std::string::npos) return;
    if (connection.in.starts_with("GET ")) return upgrade(connection);
    constexpr std::string_view kLength = "Content-Length: ";
    std::size_t length = 0;
    const std::size_t at = connection.in.find(kLength) + kLength.size();
    std::from_chars(connection.in.data() + at, connection.in.data() + connection.in.size(), length);
    if (connection.in.size() < head + kHeadEnd.size() + length) return;
    take_events(std::string_view(connection.in).substr(head + kHeadEnd.size()));
    connection.in.clear();
    (void)send(connection.fd, kAccepted.data(), kAccepted.size(), MSG_NOSIGNAL);
  }

  void upgrade(Connection& connection) {
    const bool wants_baseline = connection.in.starts_with("GET /snapshots");
    connection.in = {};
    (void)send(connection.fd, kSwitching.data(), kSwitching.size(), MSG_NOSIGNAL);
    connection.subscriber = true;
    subscribers_.push_back(&connection);
    if (!wants_baseline) return;
    connection.baseline = &baseline_;
    drain(connection);
  }

  void take_events(std::string_view body) {
    constexpr std::string_view kSubject = "\"subject\":";
    constexpr std::string_view kName = "\"name\":";
    const auto quoted = [&](std::string_view key, std::size_t& from) {
      const std::size_t begin = body.find(key, from) + key.size();
      const std::size_t end = body.find('"', begin + 1) + 1;
      from = end;
      return body.substr(begin, end - begin);
    };
    for (std::size_t at = 0; (at = body.find(kSubject, at)) != std::string_view::npos;) {
      const auto id = quoted(kSubject, at);
      const auto name = quoted(kName, at);
      turn_.push_back(std::make_shared<const std::string>(changed_.frame(id, name, ++revision_)));
    }
  }

  void send_turn() {
    if (joined_ && turn_.size() > 1) {
      auto all = std::make_shared<std::string>();
      for (const Bytes& frame : turn_) all->append(*frame);
      turn_.assign(1, std::move(all));
    }
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      Connection& connection = *subscribers_[i];
      for (const Bytes& frame : turn_) say(connection, frame);
    }
    turn_.clear();
  }

  void say(Connection& connection, const Bytes& bytes) {
    if (connection.blocked) {
      connection.queue.push_back(bytes);
      return;
    }
    const ssize_t count = send(connection.fd, bytes->data(), bytes->size(), MSG_NOSIGNAL);
    const auto sent = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    if (sent == bytes->size()) return;
    connection.queue.push_back(bytes);
    connection.queue_sent = sent;
    block(connection, true);
  }

  void block(Connection& connection, bool blocked) {
    if (connection.blocked == blocked) return;
    connection.blocked = blocked;
    watch(connection.fd, &connection, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  /// Goes on with the baseline and what has gathered behind it. False: would block.
  bool drain(Connection& connection) {
    while (connection.baseline != nullptr) {
      std::array<iovec, kPiecesMax> parts{};
      std::size_t count = 0;
      std::size_t bytes = 0;
      const auto& pieces = *connection.baseline;
      for (std::size_t i = connection.piece;
           i < pieces.size() && count < kPiecesMax && bytes < kSendBytesMax; ++i) {
        const std::size_t skip = i == connection.piece ? connection.piece_sent : 0;
        parts[count++] = {const_cast<char*>(pieces[i].data()) + skip, pieces[i].size() - skip};
        bytes += pieces[i].size() - skip;
      }
      const ssize_t sent = writev(connection.fd, parts.data(), static_cast<int>(count));
      if (sent <= 0) {
        block(connection, true);
        return false;
      }
      for (auto left = static_cast<std::size_t>(sent); left > 0;) {
        const std::size_t room = pieces[connection.piece].size() - connection.piece_sent;
        const std::size_t step = std::min(left, room);
        left -= step;
        connection.piece_sent += step;
        if (step < room) break;
        connection.piece_sent = 0;
        ++connection.piece;
      }
      if (connection.piece == pieces.size()) connection.baseline = nullptr;
    }
    std::vector<Bytes> queue;
    queue.swap(connection.queue);
    const std::size_t skip = std::exchange(connection.queue_sent, 0);
    block(connection, false);
    for (std::size_t i = 0; i < queue.size(); ++i) {
      say(connection, i == 0 && skip > 0
                          ? std::make_shared<const std::string>(queue[0]->substr(skip))
                          : queue[i]);
    }
    return !connection.blocked;
  }

  bool joined_;
  std::vector<std::string> baseline_;
  Template changed_;
  std::vector<char> buffer_;
  int epoll_ = -1;
  int listener_ = -1;
  std::vector<Connection*> subscribers_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<std::unique_ptr<Connection>> gone_;         // during this turn of the loop
  std::vector<Bytes> turn_;
  std::uint64_t revision_ = 1ULL << 30U;  // above the baseline's
};

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 6) {
    std::fputs(
        "limit each|joined FULL CHANGED ID NAME: recorded texts, and the workspace and name in "
        "CHANGED\n",
        stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);  // of readers that leave in the middle of a baseline
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Limit limit(std::string_view(arguments[1]) == "joined", pieces_of(read_file(arguments[2])),
              Template(read_file(arguments[3]), arguments[4], arguments[5]));
  limit.run();
}
