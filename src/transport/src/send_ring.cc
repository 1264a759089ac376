#include "send_ring.h"

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "sb/core/check.h"

namespace sb::transport {

struct SendRing::Ring {
  Ring() : ready(io_uring_queue_init(kSendsMax, &queues, 0) == 0) {}
  ~Ring() {
    if (ready) io_uring_queue_exit(&queues);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Takes what has come to an end, and answers how many.
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

SendRing::SendRing() = default;
SendRing::~SendRing() = default;

bool SendRing::available() {
  if (!tried_) {
    tried_ = true;
    ring_ = std::make_unique<Ring>();
    if (!ring_->ready) ring_.reset();
  }
  return ring_ != nullptr;
}

void SendRing::add(int fd, std::string_view bytes) {
  io_uring_sqe* const send = io_uring_get_sqe(&ring_->queues);
  SB_CHECK(send != nullptr, "more sends than the ring holds");
  // Do not wait: neither now nor behind our back.
  io_uring_prep_send(send, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  send->user_data = count_++;
}

std::span<const std::size_t> SendRing::run() {
  const std::span<std::size_t> sent(sent_.data(), count_);
  std::fill(sent.begin(), sent.end(), 0);
  std::size_t submitted = 0;
  std::size_t ended = 0;
  // All of them have come to an end when a submission returns; whatever the kernel put off is
  // waited for, because it would read the bytes later.
  while (ended < count_) {
    const int result = io_uring_submit_and_wait(
        &ring_->queues, static_cast<unsigned>(std::min<std::size_t>(count_ - ended, 1)));
    if (result >= 0) submitted += static_cast<std::size_t>(result);
    ended += ring_->take(sent);
    if (result < 0 && result != -EINTR && ended == submitted) {
      ring_.reset();  // it takes no more: the sockets themselves are tried from now on
      break;
    }
  }
  count_ = 0;
  return sent;
}

}  // namespace sb::transport
