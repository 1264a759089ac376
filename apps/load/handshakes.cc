#include "handshakes.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace sb::load {
namespace {

constexpr std::uint64_t kPause = 1'000'000;  // nanoseconds, when there is no socket to be had

}  // namespace

// The socket is the same all the time: another one for each connection would make this side the
// slower one.
void Handshaker::start() {
  const std::string& host = shared_->options.host;
  const std::uint16_t port = shared_->options.port;
  asked_ = false;
  if (!fd_.open()) {
    fd_ = UniqueFd(connect_to(host, port));
    waits_to_ask_ = false;
    if (fd_.open()) shared_->poller.watch(fd_.get(), *this, EPOLLIN);
  } else if (!connect_again(fd_.get(), host, port)) {
    fd_.reset();
  }
  if (!fd_.open()) return shared_->poller.wake(mono_nanos() + kPause, *this);
  ask();
}

// On loopback it is connected by now.
void Handshaker::ask() {
  const std::string text = upgrade_request(shared_->request("/sync"));
  asked_ = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
  if (!asked_ && errno != EAGAIN) return fail();
  if (waits_to_ask_ == !asked_) return;
  waits_to_ask_ = !asked_;
  shared_->poller.change(fd_.get(), *this, asked_ ? EPOLLIN : EPOLLOUT);
}

void Handshaker::fail() {
  shared_->findings.violation("a handshake that was refused");
  fd_.reset();
  shared_->poller.wake(mono_nanos() + kPause, *this);
}

void Handshaker::stop() {
  stopped_ = true;
  reset_connection(fd_);
  shared_->poller.forget(*this);
}

void Handshaker::on_ready(std::uint32_t) {
  if (stopped_) return;
  if (!fd_.open()) return start();
  if (!asked_) return ask();
  char bytes[512];
  const ssize_t got = recv(fd_.get(), bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 ||
      !std::string_view(bytes, static_cast<std::size_t>(got)).starts_with("HTTP/1.1 101")) {
    return fail();
  }
  ++*count_;
  start();
}

}  // namespace sb::load
