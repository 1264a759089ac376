#include "ready_set.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "connection.h"

namespace sb::transport {
namespace {

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

std::uint32_t events_of(std::uint8_t interest) {
  return ((interest & ReadySet::kReadable) != 0 ? EPOLLIN : 0U) |
         ((interest & ReadySet::kWritable) != 0 ? EPOLLOUT : 0U);
}

}  // namespace

ReadySet::ReadySet(const Executor& executor) : epoll_(executor, make_epoll()) {
  wait();
}

void ReadySet::set_owner(int fd, Connection& owner) {
  const auto index = static_cast<std::size_t>(fd);
  if (watches_.size() <= index) watches_.resize(index + 1);
  watches_[index].owner = &owner;
}

void ReadySet::want(int fd, Interest interest) {
  Watch& held = watches_.at(static_cast<std::size_t>(fd));
  held.wanted |= interest;
  if ((held.wanted & ~held.watched) != 0) watch(fd, held.wanted | held.watched);
}

// Closing would take it out of the epoll only when nobody else holds it, and a program that is just
// being started does. The next owner of the number may still be told what this turn found of it.
void ReadySet::forget(int fd) {
  watch(fd, 0);
  watches_.at(static_cast<std::size_t>(fd)) = {};
}

// A socket that cannot be watched, because the kernel is out of memory, is left to the deadline of
// its connection.
void ReadySet::watch(int fd, std::uint8_t interest) {
  Watch& held = watches_.at(static_cast<std::size_t>(fd));
  if (interest == held.watched) return;
  epoll_event event{};
  event.events = events_of(interest);
  event.data.fd = fd;
  const int change =
      interest == 0 ? EPOLL_CTL_DEL : (held.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
  if (::epoll_ctl(epoll_.native_handle(), change, fd, &event) == 0) held.watched = interest;
}

void ReadySet::wait() {
  epoll_.async_wait(decltype(epoll_)::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    take_ready();
    wait();
  });
}

void ReadySet::take_ready() {
  const int count =
      ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  telling_ = true;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    tell(event.data.fd, event.events);
  }
  telling_ = false;
  for (const auto& task : std::exchange(at_end_, {})) task();
}

void ReadySet::tell(int fd, std::uint32_t events) {
  const auto index = static_cast<std::size_t>(fd);
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  bool told = false;
  const auto tell_of = [&](Interest interest, std::uint32_t mask, auto call) {
    Watch& held = watches_[index];
    if ((held.wanted & interest) == 0 || (!broken && (events & mask) == 0)) return;
    held.wanted &= static_cast<std::uint8_t>(~interest);
    told = true;
    const auto owner = held.owner->shared_from_this();  // it may end itself
    ((*owner).*call)();
  };
  tell_of(kWritable, EPOLLOUT, &Connection::on_writable);
  tell_of(kReadable, EPOLLIN, &Connection::on_readable);
  // A socket stays watched for input, because nearly always somebody waits for it again, until some
  // comes that nobody waits for: that would be reported on and on.
  const Watch& held = watches_[index];
  const int kept = told ? held.watched & kReadable : 0;
  watch(fd, static_cast<std::uint8_t>(held.wanted | kept));
}

}  // namespace sb::transport
