#include "server_core.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "http_connection.h"
#include "stream_connection.h"

namespace sb::transport {
namespace {

// Connections above the limit that are still told so; beyond them a connection is just closed.
constexpr std::size_t kRefusalsMax = 64;
constexpr std::size_t kSessionNameBytes = 8;  // random
// Among thousands of connections each is a cache miss: its session is fetched so many connections
// ahead, and it itself, which leads there, as many before that.
constexpr std::size_t kFetchAhead = 2;
constexpr std::size_t kSendsJoinedMin = 4;  // with fewer subscribers a send costs less by itself
constexpr std::chrono::milliseconds kRestartDelayMin{250};
// Readers come back spread over this for each of them, and over no more than the maximum.
constexpr std::chrono::milliseconds kRestartSpread{1};
constexpr std::chrono::milliseconds kRestartSpreadMax{2'000};

}  // namespace

ServerCore::ServerCore(EventLoop& loop, ServerConfig config, ServerPorts ports)
    : loop_(loop),
      config_(std::move(config)),
      ports_(std::move(ports)),
      counters_{ports_.metrics.counter("http_requests_total", "HTTP requests received"),
                ports_.metrics.counter("http_refused_total",
                                       "HTTP requests refused by access rules or limits"),
                ports_.metrics.counter("websocket_slow_closed_total",
                                       "Subscribers closed because they stopped reading"),
                ports_.metrics.gauge("websocket_connections",
                                     "Open WebSocket and event stream connections")},
      messages_total_(ports_.metrics.counter("websocket_messages_total",
                                             "Messages handed to WebSocket subscribers")),
      bytes_total_(
          ports_.metrics.counter("websocket_bytes_total", "Bytes sent to WebSocket subscribers")),
      deadlines_(loop, ports_.clock),
      waits_(loop, ports_.store),
      encoder_(ports_.store),
      views_(ports_.store) {}

ServerCore::~ServerCore() {
  abort();
}

Result<void> ServerCore::listen() {
  if (config_.auth == AuthMode::none && !is_loopback_bind(config_.host)) {
    return fail(ErrorCode::invalid_argument, "without a token the server listens on loopback only");
  }
  if (config_.auth == AuthMode::token && config_.token.empty()) {
    return fail(ErrorCode::invalid_argument, "the token is empty");
  }
  const std::uint16_t attempts =
      config_.port == 0 ? 1 : std::max<std::uint16_t>(config_.port_attempts, 1);
  std::optional<ListenSocket> tcp;
  for (std::uint16_t i = 0; i < attempts && config_.port <= 0xFFFF - i; ++i) {
    const auto port = static_cast<std::uint16_t>(config_.port + i);
    auto socket = ListenSocket::tcp({config_.host, port});
    if (socket) {
      tcp.emplace(*std::move(socket));
      break;
    }
    if (i + 1 == attempts || socket.error().code != ErrorCode::unavailable)
      return std::move(socket).error();
  }
  if (!tcp) return fail(ErrorCode::unavailable, "no port is free");
  std::optional<ListenSocket> local;
  if (!config_.socket_path.empty()) {
    SB_TRY(ListenSocket socket, ListenSocket::unix_path(config_.socket_path));
    local.emplace(std::move(socket));
    socket_file_ = std::make_unique<SocketFile>(config_.socket_path);
  }
  host_ = tcp->host();
  port_ = tcp->port();
  access_.emplace(config_, host_, port_);
  router_ = std::make_shared<Router>(config_, ports_, *access_, waits_, views_,
                                     [this] { return new_sync_stream(); });
  const auto handler = [this](int fd, Peer peer) { accept(fd, std::move(peer)); };
  listeners_.push_back(
      std::make_shared<Listener>(loop_, *std::move(tcp), false, ports_.log, handler));
  if (local) {
    listeners_.push_back(
        std::make_shared<Listener>(loop_, *std::move(local), true, ports_.log, handler));
  }
  for (const auto& listener : listeners_) listener->start();
  ports_.log.info("listening", {kv("url", url()), kv("socket", config_.socket_path)});
  return {};
}

std::string ServerCore::url() const {
  if (host_.find(':') != std::string::npos) return fmt::format("http://[{}]:{}", host_, port_);
  return fmt::format("http://{}:{}", host_, port_);
}

void ServerCore::accept(int fd, Peer peer) {
  const std::size_t open = connections_.size();
  if (open >= config_.connections_max + kRefusalsMax) {
    ::close(fd);
    return;
  }
  const auto connection =
      std::make_shared<HttpConnection>(*this, fd, std::move(peer), open >= config_.connections_max);
  connections_.insert(connection);
  connection->start();
}

void ServerCore::remove(Connection& connection) {
  connections_.erase(connection.shared_from_this());
  if (stopping_ && connections_.empty()) finish_shutdown();
}

std::shared_ptr<StreamSession> ServerCore::new_sync_stream() {
  snapshot::SyncSession::Options options;
  options.id = random_hex(random_, kSessionNameBytes);
  options.coalesce = config_.coalesce;
  options.message_bytes_max = config_.frame_bytes_max;
  options.sources = [this] {
    std::vector<snapshot::SourceHealth> sources;
    for (const SourceHealth& source : ports_.status.sources()) {
      sources.push_back({source.name, source.state, std::nullopt, source.last_ok_age_ms});
    }
    return sources;
  };
  return std::make_shared<SyncStream>(views_, std::move(options), now());
}

bool ServerCore::origin_has_room(const std::string& origin) const {
  const auto found = per_origin_.find(origin);
  return origin.empty() || found == per_origin_.end() ||
         found->second < config_.connections_per_origin_max;
}

std::chrono::milliseconds ServerCore::restart_delay() {
  const auto readers = static_cast<std::int64_t>(websockets_.size());
  const auto spread = std::min(kRestartSpread * readers, kRestartSpreadMax);
  const auto steps = static_cast<std::uint64_t>(spread.count()) + 1;
  return kRestartDelayMin + std::chrono::milliseconds(random_.next() % steps);
}

void ServerCore::adopt(const std::shared_ptr<StreamConnection>& connection) {
  connections_.insert(connection);
  websockets_.push_back(connection.get());
  counters_.websockets.set(static_cast<double>(websockets_.size()));
  if (auto origin = connection->origin(); !origin.empty()) ++per_origin_[std::move(origin)];
  arm_ping();
  connection->start();
}

void ServerCore::remove_websocket(StreamConnection& connection) {
  const auto found = std::find(websockets_.begin(), websockets_.end(), &connection);
  if (found == websockets_.end()) return;
  if (pumping_) {
    *found = nullptr;
  } else {
    *found = websockets_.back();
    websockets_.pop_back();
  }
  const auto origin = per_origin_.find(connection.origin());
  if (origin != per_origin_.end() && --origin->second == 0) per_origin_.erase(origin);
  counters_.websockets.set(static_cast<double>(websockets_.size()));
}

void ServerCore::store_changed() {
  if (pump_posted_ || (websockets_.empty() && waits_.empty())) return;
  pump_posted_ = true;
  loop_.impl().at_turn_end([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

void ServerCore::pump() {
  pump_posted_ = false;
  const MonoTime now = this->now();
  pumping_ = true;
  // Another one is first each time, or the same would always be told last.
  const std::size_t count = websockets_.size();
  const std::size_t first = count == 0 ? 0 : ++first_told_ % count;
  const auto at = [&](std::size_t n) {
    return websockets_[n < count - first ? first + n : n - (count - first)];
  };
  joins_sends_ = count >= kSendsJoinedMin && send_ring_.joined();
  for (std::size_t n = 0; n < count; ++n) {
    if (n + 2 * kFetchAhead < count) StreamConnection::fetch(at(n + 2 * kFetchAhead));
    if (n + kFetchAhead < count) StreamConnection::fetch_session(at(n + kFetchAhead));
    if (StreamConnection* const websocket = at(n)) websocket->pump(now);
    if (send_ring_.full()) run_sends(now);
  }
  while (send_ring_.size() != 0) run_sends(now);
  pumping_ = false;
  joins_sends_ = false;
  forget_gone();
  end_turn();
  waits_.check();
}

bool ServerCore::send_with_others(StreamConnection& connection, int fd, const FrameBatch& frames) {
  if (!joins_sends_) return false;
  sends_.at(send_ring_.size()) = {&connection, &frames};
  send_ring_.add(fd, frames.pieces().front());
  return true;
}

// Whoever was told says what there is next, which may be added at once.
void ServerCore::run_sends(MonoTime now) {
  const auto sends = sends_;
  const std::span<const std::size_t> bytes = send_ring_.run();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sends.at(i).connection->sent(*sends.at(i).frames, bytes[i], now);
  }
}

void ServerCore::forget_gone() {
  std::erase(websockets_, nullptr);
  counters_.websockets.set(static_cast<double>(websockets_.size()));
}

void ServerCore::end_turn() {
  if (pumping_) return;
  frames_.clear();
  messages_total_.add(static_cast<double>(std::exchange(messages_, 0)));
  bytes_total_.add(static_cast<double>(std::exchange(bytes_, 0)));
}

void ServerCore::wake_by(MonoTime at) {
  if (wake_timer_ != 0) {
    if (wake_at_ <= at) return;
    loop_.cancel(wake_timer_);
  }
  wake_at_ = at;
  wake_timer_ = loop_.after(std::max(at - now(), std::chrono::nanoseconds(0)), [this] {
    wake_timer_ = 0;
    pump();
  });
}

void ServerCore::arm_ping() {
  if (ping_timer_ != 0 || websockets_.empty() || stopping_) return;
  ping_timer_ = loop_.after(config_.ping_interval, [this] {
    ping_timer_ = 0;
    ping_all();
    arm_ping();
  });
}

void ServerCore::ping_all() {
  pumping_ = true;
  for (StreamConnection* const websocket : websockets_) {
    if (websocket != nullptr) websocket->ping();
  }
  pumping_ = false;
  forget_gone();
  end_turn();
}

void ServerCore::shutdown(std::chrono::milliseconds grace, std::function<void()> done) {
  if (stopping_) return;
  stopping_ = true;
  shutdown_done_ = std::move(done);
  for (const auto& listener : listeners_) listener->stop();
  listeners_.clear();
  socket_file_.reset();
  const std::vector<std::shared_ptr<Connection>> open(connections_.begin(), connections_.end());
  for (const auto& connection : open) connection->begin_shutdown();
  waits_.give_up();
  if (connections_.empty()) {
    finish_shutdown();
    return;
  }
  grace_timer_ = loop_.after(grace, [this] {
    grace_timer_ = 0;
    const std::vector<std::shared_ptr<Connection>> left(connections_.begin(), connections_.end());
    for (const auto& connection : left) connection->abort();
  });
}

void ServerCore::finish_shutdown() {
  if (grace_timer_ != 0) loop_.cancel(std::exchange(grace_timer_, 0));
  if (auto done = std::exchange(shutdown_done_, nullptr)) loop_.post(std::move(done));
}

void ServerCore::abort() {
  shutdown_done_ = nullptr;
  for (const auto& listener : listeners_) listener->stop();
  listeners_.clear();
  socket_file_.reset();
  const std::vector<std::shared_ptr<Connection>> open(connections_.begin(), connections_.end());
  for (const auto& connection : open) connection->abort();
  for (Loop::TimerId* timer : {&wake_timer_, &ping_timer_, &grace_timer_}) {
    if (*timer != 0) loop_.cancel(std::exchange(*timer, 0));
  }
}

}  // namespace sb::transport
