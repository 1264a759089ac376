#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sb::testing {

/// One request a test server got. Header names are lower case.
struct ServedRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;
  std::string body;
};

/// What it answers.
struct ServedAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool hang = false;  ///< never answers; the connection stays open until the server goes
  bool cut = false;   ///< closes in the middle of the body
};

/// A small real HTTP/1.1 server on a loopback port, for clients under test: one thread accepts, one
/// per connection serves. The handler runs on those threads, one at a time.
class HttpServer {
 public:
  using Handler = std::function<ServedAnswer(const ServedRequest&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0) {
      throw std::runtime_error("a test server could not listen");
    }
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~HttpServer() {
    stopping_ = true;
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  static constexpr int kLookMilliseconds = 20;  // how soon the end of the test is noticed

  void accept_all() {
    while (!stopping_) {
      pollfd wait{listener_, POLLIN, 0};
      if (::poll(&wait, 1, kLookMilliseconds) <= 0) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] {
        while (serve_one(fd)) {
        }
        ::close(fd);
      });
    }
  }

  /// More bytes of the peer; false at its end, or ours.
  bool read_more(int fd, std::string& bytes) const {
    while (!stopping_) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, kLookMilliseconds) <= 0) continue;
      std::array<char, 16384> buffer{};
      const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) return false;
      bytes.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  bool serve_one(int fd) {
    std::string bytes;
    while (bytes.find("\r\n\r\n") == std::string::npos) {
      if (!read_more(fd, bytes)) return false;
    }
    const auto end = bytes.find("\r\n\r\n");
    ServedRequest request = parse_head(bytes.substr(0, end));
    request.body = bytes.substr(end + 4);
    const std::size_t length = request.headers.contains("content-length")
                                   ? std::stoul(request.headers.at("content-length"))
                                   : 0;
    while (request.body.size() < length) {
      if (!read_more(fd, request.body)) return false;
    }
    ServedAnswer answer;
    {
      const std::lock_guard lock(mutex_);
      answer = handler_(request);
    }
    if (answer.hang) {
      std::string ignored;
      while (read_more(fd, ignored)) {
      }
      return false;
    }
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " X\r\ncontent-length: " +
                      std::to_string(answer.body.size() + (answer.cut ? 1 : 0)) + "\r\n";
    for (const auto& [name, value] : answer.headers) out.append(name + ": " + value + "\r\n");
    out += "\r\n" + answer.body;
    for (std::size_t sent = 0; sent < out.size();) {
      const auto got = ::send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (got <= 0) return false;
      sent += static_cast<std::size_t>(got);
    }
    return !answer.cut;
  }

  static ServedRequest parse_head(const std::string& head) {
    ServedRequest request;
    std::size_t line_end = head.find("\r\n");
    const std::string first = head.substr(0, line_end);
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    while (line_end != std::string::npos) {
      const std::size_t begin = line_end + 2;
      line_end = head.find("\r\n", begin);
      const std::string line = head.substr(begin, line_end - begin);
      const auto colon = line.find(':');
      if (colon == std::string::npos) continue;
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const auto value = line.find_first_not_of(' ', colon + 1);
      request.headers[name] = value == std::string::npos ? "" : line.substr(value);
    }
    return request;
  }

  Handler handler_;
  std::mutex mutex_;  // one handler call at a time
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connections_{0};
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // of the acceptor, then of the destructor
};

}  // namespace sb::testing
