#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "http_message.h"

// The opening handshake of RFC 6455, section 4.2, without a socket.

namespace sb::transport {

/// SHA-1, only for the handshake, which demands it.
[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);

/// The value of Sec-WebSocket-Accept for a client's key.
[[nodiscard]] std::string ws_accept_key(std::string_view key);
/// True for the base64 text of 16 bytes.
[[nodiscard]] bool is_ws_key(std::string_view key);

/// True when the request asks to become a WebSocket, rightly or not.
[[nodiscard]] bool wants_websocket(const HttpRequest& request);

enum class WsHandshake {
  good,
  bad_version,  ///< 426 with the version we speak
  bad,          ///< 400
};
[[nodiscard]] WsHandshake check_ws_handshake(const HttpRequest& request);
/// The whole 101 answer.
[[nodiscard]] std::string ws_handshake_answer(const HttpRequest& request);

}  // namespace sb::transport
