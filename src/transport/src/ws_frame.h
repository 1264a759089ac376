#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// WebSocket frames (RFC 6455, section 5) as pure functions of bytes: no socket, no time. We offer
// no extensions, so the reserved bits are always errors.

namespace sb::transport {

enum class WsOpcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Close codes on the wire (RFC 6455, section 7.4, and protocol, section 3).
enum class WsClose : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  no_status = 1005,  // never sent: a close frame without a code
  bad_payload = 1007,
  too_big = 1009,
  unauthorized = 4401,
  unknown_project = 4404,
  slow = 4408,
};

inline constexpr std::size_t kWsHeaderBytesMax = 10;    // bytes of an unmasked header
inline constexpr std::size_t kWsControlBytesMax = 125;  // bytes of a control frame's payload

/// Checks UTF-8 that arrives in pieces. Thread: externally locked.
class Utf8Stream {
 public:
  /// False as soon as the text can no longer become valid.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// True when no character is cut off.
  [[nodiscard]] bool complete() const { return missing_ == 0; }
  void reset() { *this = {}; }

 private:
  std::uint8_t missing_ = 0;  // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // bounds of the next one
  std::uint8_t high_ = 0xBF;
};

/// Reads the frames a client sends: masked, at most `message_bytes_max` per message.
/// Pull style: feed bytes with `next` until it wants more. Thread: externally locked.
class WsParser {
 public:
  enum class Step { need_more, message, ping, pong, close, failed };

  explicit WsParser(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  /// Consumes from the front of `input` up to the end of one message or control frame. After
  /// `close` or `failed` nothing more is read.
  [[nodiscard]] Step next(std::string_view& input);

  /// The payload of the message, ping, pong, or the reason of the close just reported. Valid until
  /// the next call.
  [[nodiscard]] std::string_view payload() const { return payload_; }
  /// True when the message just reported was text.
  [[nodiscard]] bool is_text() const { return message_opcode_ == WsOpcode::text; }
  /// The peer's code after `close` (no_status without one), ours to send after `failed`.
  [[nodiscard]] WsClose close_code() const { return close_code_; }

 private:
  enum class State : std::uint8_t { header, payload, ended };

  bool read_header(std::string_view& input);
  [[nodiscard]] bool check_header();
  Step finish_frame();
  Step finish_close();
  Step fail(WsClose code);
  [[nodiscard]] bool is_control() const { return (header_[0] & 0x08U) != 0; }

  std::size_t message_bytes_max_;
  State state_ = State::header;
  bool in_message_ = false;
  WsOpcode message_opcode_ = WsOpcode::text;
  WsClose close_code_ = WsClose::no_status;
  std::array<std::uint8_t, 14> header_{};
  std::uint8_t header_size_ = 0;
  std::uint8_t mask_at_ = 0;  // offset of the masking key in header_
  std::uint64_t frame_left_ = 0;
  std::uint64_t frame_read_ = 0;
  std::string message_;  // of the data message under way
  std::string control_;  // of the control frame under way
  std::string_view payload_;
  Utf8Stream utf8_;
};

/// Writes the header of one unfragmented server frame; answers its size.
std::size_t encode_ws_header(WsOpcode opcode, std::uint64_t payload_bytes,
                             char (&out)[kWsHeaderBytesMax]);
/// Appends a whole server frame. Control payloads are cut at kWsControlBytesMax.
void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload);
void append_ws_close(std::string& out, WsClose code, std::string_view reason);

/// True for a code that may stand in a close frame.
[[nodiscard]] bool is_valid_close_code(std::uint16_t code);

}  // namespace sb::transport
