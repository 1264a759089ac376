#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connection.h"
#include "frame_batch.h"
#include "socket.h"
#include "stream_session.h"
#include "ws_frame.h"

namespace sb::transport {

class ServerCore;

/// One subscriber over a WebSocket, or over an event stream, which only speaks: a session, at most
/// one batch in flight, and nothing queued behind it, so that a slow reader costs nobody anything.
/// Thread: confined to the loop.
class StreamConnection final : public Connection {
 public:
  struct Options {
    std::string handshake;  ///< the 101 answer, sent first
    std::string received;   ///< what came after the request
    std::string origin;
    std::shared_ptr<StreamSession> session;  ///< none: close at once with `refusal`
    WsClose refusal = WsClose::unauthorized;
    Framing framing = Framing::websocket;
  };
  StreamConnection(ServerCore& core, Socket socket, Options options);
  /// Says the handshake and the first messages, then reads.
  void start();

  /// Sends what the session has to say, if the socket takes it; or leaves that to the core, which
  /// then calls `sent`.
  void pump(MonoTime now);
  /// The socket took the first `bytes` of these frames. Goes on with what there is to say.
  void sent(const FrameBatch& frames, std::size_t bytes, MonoTime now);
  /// Has the memory of `pump` brought near: first its own, then that of its session, which is
  /// found through it. May be null.
  static void fetch(const StreamConnection* connection) { fetch_lines(connection); }
  static void fetch_session(const StreamConnection* connection) {
    if (connection != nullptr) fetch_lines(connection->session_.get());
  }
  /// Pings; a peer that did not answer the last one is closed.
  void ping();
  /// Empty without one.
  [[nodiscard]] std::string origin() const { return origin_ ? *origin_ : std::string(); }

  void on_readable() override;
  void on_writable() override;
  void on_deadline(MonoTime now) override;
  void begin_shutdown() override;
  void abort() override;

 private:
  static void fetch_lines(const void* from) {
    constexpr std::size_t kLineBytes = 64;
    const auto* const at = static_cast<const char*>(from);
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(at + line * kLineBytes);
  }
  void take_input(std::string_view bytes);
  void begin_close(WsClose code, std::string_view reason);
  void end_session(WsClose code);
  void answer_close();
  [[nodiscard]] bool is_one_send(const FrameBatch& frames) const;
  // False: they wait for the socket, or it is gone.
  [[nodiscard]] bool took(const FrameBatch& frames, std::size_t bytes);
  bool flush();
  // Up to where in `control_` it goes before the batch.
  [[nodiscard]] std::size_t control_ahead() const;
  void wait_writable(bool stalled);
  void advance(std::size_t bytes);
  void handed_over();
  [[nodiscard]] bool has_output() const {
    return batch_ != nullptr || control_sent_ < control_.size();
  }

  // First what every pump needs: `fetch` brings it near.
  ServerCore* core_;                         // null once closed
  std::shared_ptr<StreamSession> session_;   // none once closing
  std::shared_ptr<const FrameBatch> batch_;  // in flight
  std::size_t piece_ = 0;                    // position in it
  std::size_t piece_sent_ = 0;
  std::size_t control_sent_ = 0;
  Framing framing_;
  WsClose refusal_;  // without a session
  bool waiting_writable_ = false;
  bool heard_ = false;  // a message came in this turn
  bool awaiting_pong_ = false;
  bool closing_ = false;      // our close frame is sent or on its way
  bool failed_ = false;       // they broke the protocol: what still comes is only drained
  bool peer_closed_ = false;  // theirs has come: done once everything is handed over
  // Mostly none, and then only a pointer, as the last two: thousands of connections hold them.
  std::unique_ptr<const std::string> pong_;  // the latest one owed
  Socket socket_;
  std::string control_;  // handshake, ping, pong or close frames, sent between batches
  std::size_t last_words_at_ = std::string::npos;  // from where in it nothing but the end follows
  WsParser parser_;
  std::unique_ptr<const std::string> received_;  // with the handshake, until `start`
  std::unique_ptr<const std::string> origin_;
};

}  // namespace sb::transport
