#include "sb/transport/event_loop.h"

#include <csignal>
#include <utility>

#include <boost/asio/post.hpp>

#include "event_loop_impl.h"

namespace sb::transport {

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::post(std::function<void()> task) {
  boost::asio::post(impl_->context, std::move(task));
}

Loop::TimerId EventLoop::after(std::chrono::nanoseconds delay, std::function<void()> task) {
  const TimerId id = impl_->next_timer++;
  auto& timer =
      *impl_->timers.emplace(id, std::make_unique<Impl::Timer>(impl_->context)).first->second;
  timer.expires_after(delay);
  timer.async_wait(
      [impl = impl_.get(), id, task = std::move(task)](const boost::system::error_code& error) {
        // Cancelled, perhaps after it had already come due: then its id is forgotten.
        if (error || impl->timers.erase(id) == 0) return;
        task();
      });
  return id;
}

void EventLoop::cancel(TimerId id) {
  impl_->timers.erase(id);
}

void EventLoop::Impl::at_turn_end(std::function<void()> task) {
  if (ready.telling()) {
    ready.at_end(std::move(task));
  } else {
    boost::asio::post(context, std::move(task));
  }
}

void EventLoop::Impl::wait_signal() {
  signals.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    signal_handler(signal);
    wait_signal();
  });
}

void EventLoop::on_signal(std::function<void(int signal)> handler) {
  const bool first = !impl_->signal_handler;
  impl_->signal_handler = std::move(handler);
  if (!first) return;
  impl_->signals.add(SIGINT);
  impl_->signals.add(SIGTERM);
  impl_->wait_signal();
}

void EventLoop::run() {
  impl_->context.run();
}

void EventLoop::stop() {
  impl_->context.stop();
}

}  // namespace sb::transport
