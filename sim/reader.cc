#include "reader.h"

#include "server.h"

namespace sb::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kRetry{150};
constexpr std::chrono::milliseconds kCalmRetry{5};  // nobody cuts it any more
constexpr int kAttemptsMax = 20;  // connections without progress once the faults are over

}  // namespace

void Reader::attach(Server* server) {
  server_ = server;
  drop();
  if (server_ != nullptr) reconnect_later();
}

std::chrono::microseconds Reader::latency() {
  return env_->network.delay_up_to(3ms);
}

std::chrono::microseconds Reader::drain_time() {
  return env_->network_strikes(env_->swarm.client_slow) ? env_->network.delay_up_to(400ms) : 0us;
}

void Reader::drop() {
  if (connection_ != 0 && server_ != nullptr) server_->disconnect(connection_);
  connection_ = 0;
  deaf_ = false;
}

void Reader::reconnect_later(bool refused) {
  if (waiting_) return;
  waiting_ = true;
  // Who was refused, for instance because its project is not there, does not come back at once.
  env_->loop.after(env_->network.delay_up_to(env_->calm && !refused ? kCalmRetry : kRetry), [this] {
    waiting_ = false;
    connect();
  });
}

void Reader::connect() {
  if (server_ == nullptr || connection_ != 0) return;
  if (env_->network_strikes(env_->swarm.client_restart)) restart();
  connection_ = open();
  if (connection_ == 0) return reconnect_later(true);
  // Nobody cuts it any more, and still it comes again and again.
  if (env_->calm) ++attempts_;
  env_->judge.hold(attempts_ <= kAttemptsMax, "T10",
                   [&] { return who() + "connects for ever without progress"; });
  if (!env_->network_strikes(env_->swarm.half_open)) return;
  env_->loop.after(env_->network.delay_up_to(100ms), [this, made = connection_] {
    if (connection_ != made) return;
    deaf_ = true;
    env_->loop.after(400ms, [this, made] {
      if (connection_ != made) return;
      env_->judge.note(who() + "gives a half-open connection up");
      drop();
      reconnect_later();
    });
  });
}

void Reader::closed(std::uint64_t connection) {
  if (connection_ != connection) return;
  connection_ = 0;
  deaf_ = false;
  reconnect_later();
}

void Reader::receive(std::uint64_t connection, const std::string& text) {
  if (connection != connection_ || deaf_) return;
  take(text);
  if (connection == connection_ && env_->network_strikes(env_->swarm.client_cut)) {
    env_->judge.note(who() + "is cut off");
    drop();
    reconnect_later();
  }
}

}  // namespace sb::sim
