#include "poller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace sb::load {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
constexpr int kEventsPerRound = 512;

bool begin_connection(int fd, const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EINPROGRESS;
}

}  // namespace

std::uint64_t mono_nanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void Poller::watch(int fd, Watched& watched, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Poller::change(int fd, Watched& watched, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::forget(Watched& watched) {
  std::erase_if(due_, [&](const auto& due) { return due.second == &watched; });
}

void Poller::wake(std::uint64_t at, Watched& watched) {
  due_.emplace(at, &watched);
}

void Poller::run(std::uint64_t until) {
  std::uint64_t now = mono_nanos();
  while (!due_.empty() && due_.begin()->first <= now) {
    Watched* const watched = due_.begin()->second;
    due_.erase(due_.begin());
    watched->on_ready(0);
  }
  if (!due_.empty()) until = std::min(until, due_.begin()->first);
  now = mono_nanos();
  const std::uint64_t left = until > now ? until - now : 0;
  const timespec timeout{static_cast<time_t>(left / kNanosPerSecond),
                         static_cast<long>(left % kNanosPerSecond)};
  std::array<epoll_event, kEventsPerRound> events;
  const int count = epoll_pwait2(epoll_.get(), events.data(), kEventsPerRound, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    static_cast<Watched*>(event.data.ptr)->on_ready(event.events);
  }
}

int connect_to(const std::string& host, std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (begin_connection(fd, host, port)) return fd;
  ::close(fd);
  return -1;
}

bool connect_again(int fd, const std::string& host, std::uint16_t port) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  return connect(fd, &none, sizeof none) == 0 && begin_connection(fd, host, port);
}

void reset_connection(UniqueFd& fd) {
  const linger at_once{1, 0};
  if (fd.open()) setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace sb::load
