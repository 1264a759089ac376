#include "handshakes.h"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace sb::load {
namespace {

constexpr std::uint64_t kPause = 1'000'000;  // nanoseconds, when there is no socket to be had

}  // namespace

void Handshaker::start() {
  fd_ = UniqueFd(connect_to(shared_->options.host, shared_->options.port));
  asked_ = false;
  if (!fd_.open()) return shared_->poller.wake(mono_nanos() + kPause, *this);
  shared_->poller.watch(fd_.get(), *this, EPOLLOUT);
}

void Handshaker::stop() {
  stopped_ = true;
  reset_connection(fd_);
  shared_->poller.forget(*this);
}

void Handshaker::on_ready(std::uint32_t) {
  if (stopped_) return;
  if (!fd_.open()) return start();
  if (!asked_) {
    asked_ = true;
    shared_->poller.change(fd_.get(), *this, EPOLLIN);
    const std::string text = upgrade_request(shared_->request("/sync"));
    (void)::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return;
  }
  char bytes[512];
  const ssize_t got = recv(fd_.get(), bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got > 0 &&
      std::string_view(bytes, static_cast<std::size_t>(got)).starts_with("HTTP/1.1 101")) {
    ++*count_;
  } else {
    shared_->findings.violation("a handshake that was refused");
  }
  reset_connection(fd_);
  start();
}

}  // namespace sb::load
