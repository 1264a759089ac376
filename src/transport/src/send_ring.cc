#include "send_ring.h"

#include <liburing.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sb/core/check.h"

namespace sb::transport {
namespace {

constexpr int kSendFlags = MSG_NOSIGNAL | MSG_DONTWAIT;  // neither now nor behind our back

}  // namespace

struct SendRing::Ring {
  Ring() : ready(io_uring_queue_init(kSendsMax, &queues, 0) == 0) {}
  ~Ring() {
    if (ready) io_uring_queue_exit(&queues);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void add(int fd, std::string_view bytes, std::size_t index) {
    io_uring_sqe* const send = io_uring_get_sqe(&queues);
    SB_CHECK(send != nullptr, "more sends than the ring holds");
    io_uring_prep_send(send, fd, bytes.data(), bytes.size(), kSendFlags);
    send->user_data = index;
  }

  /// False: the kernel takes no more of them. Those it took have ended, because it reads their
  /// bytes no later.
  bool run(std::span<std::size_t> sent) {
    std::size_t submitted = 0;
    for (std::size_t ended = 0; ended < sent.size();) {
      const int result = io_uring_submit_and_wait(&queues, 1);
      if (result >= 0) submitted += static_cast<std::size_t>(result);
      ended += take(sent);
      if (result < 0 && result != -EINTR && ended == submitted) return false;
    }
    return true;
  }

  /// Takes what has ended, and answers how many.
  std::size_t take(std::span<std::size_t> sent) {
    std::array<io_uring_cqe*, kSendsMax> ended{};
    const unsigned count = io_uring_peek_batch_cqe(&queues, ended.data(), kSendsMax);
    for (const io_uring_cqe* end : std::span(ended.data(), count)) {
      sent[end->user_data] = static_cast<std::size_t>(std::max(end->res, 0));
    }
    io_uring_cq_advance(&queues, count);
    return count;
  }

  io_uring queues{};
  bool ready;
};

SendRing::SendRing(bool io_uring) : wanted_(io_uring) {}
SendRing::~SendRing() = default;

void SendRing::set_up() {
  wanted_ = false;
  ring_ = std::make_unique<Ring>();
  if (!ring_->ready) ring_.reset();
}

void SendRing::add(int fd, std::string_view bytes) {
  if (joined()) {
    ring_->add(fd, bytes, count_);
  } else {
    sends_.at(count_) = {fd, bytes};
  }
  ++count_;
}

std::span<const std::size_t> SendRing::run() {
  const std::span<std::size_t> sent(sent_.data(), std::exchange(count_, 0));
  std::fill(sent.begin(), sent.end(), 0);
  if (ring_ != nullptr) {
    if (!ring_->run(sent)) ring_.reset();
    return sent;
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto& [fd, bytes] = sends_.at(i);
    sent[i] = static_cast<std::size_t>(
        std::max<ssize_t>(::send(fd, bytes.data(), bytes.size(), kSendFlags), 0));
  }
  return sent;
}

}  // namespace sb::transport
