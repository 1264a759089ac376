#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sb/core/random.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/sync_batch.h"
#include "sb/transport/server.h"

#include "access.h"
#include "connection.h"
#include "deadline_queue.h"
#include "frame_batch.h"
#include "listener.h"
#include "revision_waits.h"
#include "router.h"
#include "send_ring.h"
#include "socket.h"
#include "stream_session.h"

namespace sb::transport {

class StreamConnection;

/// What Server hides: listeners, all connections, and the fan-out from the store to the WebSocket
/// sessions. Thread: confined to the loop.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(EventLoop& loop, ServerConfig config, ServerPorts ports);
  ~ServerCore();

  Result<void> listen();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void store_changed();
  void shutdown(std::chrono::milliseconds grace, std::function<void()> done);
  /// Closes everything at once. Nothing is called back afterwards.
  void abort();

  // --- for connections ---
  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] const ServerConfig& config() const { return config_; }
  [[nodiscard]] const ServerPorts& ports() const { return ports_; }
  [[nodiscard]] const AccessPolicy& access() const { return *access_; }
  [[nodiscard]] Router& router() { return *router_; }
  [[nodiscard]] DeadlineQueue& deadlines() { return deadlines_; }
  [[nodiscard]] FrameCache& frames() { return frames_; }
  [[nodiscard]] snapshot::Dialect1Encoder& encoder() { return encoder_; }
  /// A session of `/sync`, which waits for its hello.
  [[nodiscard]] std::shared_ptr<StreamSession> new_sync_stream();
  [[nodiscard]] MonoTime now() const { return ports_.clock.mono_now(); }
  [[nodiscard]] bool stopping() const { return stopping_; }
  /// What one read goes through: shared, because nothing is read across a turn.
  [[nodiscard]] std::span<char> scratch() { return scratch_; }

  /// Forgets a connection that has closed itself.
  void remove(Connection& connection);
  /// True when one more WebSocket of this origin is within the limit.
  [[nodiscard]] bool origin_has_room(const std::string& origin) const;
  /// A connection that has just become a WebSocket. Starts it.
  void adopt(const std::shared_ptr<StreamConnection>& connection);
  void remove_websocket(StreamConnection& connection);
  /// When one of the readers may come back after a restart: a random moment, so that they do not
  /// all ask for a baseline at once.
  [[nodiscard]] std::chrono::milliseconds restart_delay();
  /// Has `pump` called no later than `at`: a session holds something back.
  void wake_by(MonoTime at);
  /// Frames made outside a pump are dropped again, so that nothing large is held while nothing is
  /// sent.
  void end_turn();

  /// Within a pump: has the kernel told of many sends at once. False: the caller sends. Else
  /// `connection.sent` is called before the pump ends. `frames` are of the cache.
  [[nodiscard]] bool send_with_others(StreamConnection& connection, int fd,
                                      const FrameBatch& frames);

  void count_messages(std::size_t messages) { messages_ += messages; }
  void count_bytes(std::size_t bytes) { bytes_ += bytes; }

  struct Counters {
    Counter& requests;
    Counter& refused;
    Counter& slow_closed;
    Gauge& websockets;
  };
  [[nodiscard]] Counters& counters() { return counters_; }

 private:
  void accept(int fd, Peer peer);
  struct Send {
    StreamConnection* connection;
    const FrameBatch* frames;
  };

  void pump();
  void run_sends(MonoTime now);
  void forget_gone();  // who went while all were visited
  void ping_all();
  void arm_ping();
  void finish_shutdown();

  EventLoop& loop_;
  const ServerConfig config_;
  const ServerPorts ports_;
  Counters counters_;
  Counter& messages_total_;
  Counter& bytes_total_;
  std::size_t messages_ = 0;  // handed over since the total was last raised
  std::size_t bytes_ = 0;
  DeadlineQueue deadlines_;
  RevisionWaits waits_;
  FrameCache frames_{ports_.metrics.counter(
      "stream_messages_encoded_total",
      "Messages encoded for subscribers, each once for all who are sent the same bytes")};
  snapshot::Dialect1Encoder encoder_;
  snapshot::ViewEncoder views_;
  SystemRandom random_;  // names of sessions, delays
  std::optional<AccessPolicy> access_;
  std::shared_ptr<Router> router_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::unique_ptr<SocketFile> socket_file_;
  std::string host_;
  std::uint16_t port_ = 0;

  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<StreamConnection*> websockets_;  // null: gone during this pump
  std::size_t first_told_ = 0;                 // in the last pump, modulo their number
  std::unordered_map<std::string, std::size_t> per_origin_;
  bool pumping_ = false;
  bool joins_sends_ = false;  // in this pump
  SendRing send_ring_{config_.io_uring};
  std::array<Send, SendRing::kSendsMax> sends_;  // in the ring
  bool pump_posted_ = false;
  bool stopping_ = false;
  Loop::TimerId wake_timer_ = 0;
  MonoTime wake_at_;
  Loop::TimerId ping_timer_ = 0;
  Loop::TimerId grace_timer_ = 0;
  std::function<void()> shutdown_done_;
  std::array<char, 64U << 10U> scratch_;
};

}  // namespace sb::transport
