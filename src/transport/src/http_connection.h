#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "access.h"
#include "connection.h"
#include "http_message.h"
#include "http_parser.h"
#include "socket.h"
#include "stream_connection.h"
#include "ws_frame.h"

namespace sb::transport {

class ServerCore;

/// One connection while it speaks HTTP: one request at a time, in order; nothing is read while an
/// answer is under way, so a client that pipelines fills its own socket. Turns into a
/// StreamConnection on an upgrade. Thread: confined to the loop.
class HttpConnection final : public Connection {
 public:
  /// `refuse`: over the connection limit, so it hears 503 and goes.
  HttpConnection(ServerCore& core, int fd, Peer peer, bool refuse);
  void start();

  void on_readable() override;
  void on_writable() override;
  void on_deadline(MonoTime now) override;
  void begin_shutdown() override;
  void abort() override;

 private:
  enum class State {
    reading,   ///< waiting for a request or for the rest of it
    handling,  ///< somebody else prepares the answer
    writing,
    lingering,  ///< answered and finished; reads to the end so that the answer is not lost with a
                ///< reset
    closed,     ///< or turned into a WebSocket
  };

  void parse();
  void dispatch(HttpRequest request);
  void dispatch_upgrade(const HttpRequest& request, const Target& target);
  void become_stream(HttpResponse response);
  void adopt_stream(StreamConnection::Options options);
  void respond(HttpResponse response);
  void flush();
  void finish_response();
  [[nodiscard]] std::string_view unsent_head() const {
    return std::string_view(head_).substr(head_sent_);
  }

  ServerCore* core_;  // null once closed
  Socket socket_;
  Peer peer_;
  bool refuse_;
  State state_ = State::reading;
  bool parsing_ = false;  // inside parse(): an answer given at once must not enter it again
  bool close_after_ = false;
  std::optional<HttpParser> parser_;
  std::string buffer_;  // received, not yet parsed
  ResponseFraming framing_;
  HttpResponse response_;
  std::string head_;
  std::size_t head_sent_ = 0;
  std::size_t body_sent_ = 0;
};

}  // namespace sb::transport
