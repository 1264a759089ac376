#include "ws_frame.h"

#include <algorithm>

namespace sb::transport {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0F;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7F;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;

std::uint64_t read_big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = (value << 8U) | bytes[i];
  return value;
}

void write_big_endian(char* out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8U * (count - 1 - i))));
  }
}

bool is_known_opcode(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

}  // namespace

bool Utf8Stream::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (missing_ > 0) {
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80;
      high_ = 0xBF;
      --missing_;
      continue;
    }
    if (byte < 0x80) continue;
    // The second byte's range excludes overlong forms, surrogates and anything above U+10FFFF.
    if (byte >= 0xC2 && byte <= 0xDF) {
      missing_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      missing_ = 2;
      if (byte == 0xE0) low_ = 0xA0;
      if (byte == 0xED) high_ = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      missing_ = 3;
      if (byte == 0xF0) low_ = 0x90;
      if (byte == 0xF4) high_ = 0x8F;
    } else {
      return false;
    }
  }
  return true;
}

bool WsParser::read_header(std::string_view& input) {
  const auto want = [&](std::size_t size) {
    const std::size_t count =
        std::min(size - std::min<std::size_t>(size, header_size_), input.size());
    for (std::size_t i = 0; i < count; ++i)
      header_[header_size_ + i] = static_cast<std::uint8_t>(input[i]);
    header_size_ = static_cast<std::uint8_t>(header_size_ + count);
    input.remove_prefix(count);
    return header_size_ >= size;
  };
  if (!want(2)) return false;
  const std::uint8_t length = header_[1] & kLength;
  const std::size_t extended = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  // An unmasked frame is refused by its first two bytes; waiting for a key that never comes would
  // hide it.
  if ((header_[1] & kMasked) == 0) return true;
  if (!want(2 + extended + kMaskBytes)) return false;
  mask_at_ = static_cast<std::uint8_t>(2 + extended);
  frame_left_ = extended == 0 ? length : read_big_endian(header_.data() + 2, extended);
  return true;
}

bool WsParser::check_header() {
  const std::uint8_t opcode = header_[0] & kOpcode;
  const bool fin = (header_[0] & kFin) != 0;
  const std::uint8_t length = header_[1] & kLength;
  if ((header_[0] & kReserved) != 0 || !is_known_opcode(opcode)) return false;
  if ((header_[1] & kMasked) == 0) return false;
  if (length == kLength16 && frame_left_ < kLength16) return false;
  if (length == kLength64 && (frame_left_ <= 0xFFFF || (frame_left_ >> 63U) != 0)) return false;
  if (is_control()) return fin && frame_left_ <= kWsControlBytesMax;
  const bool continuation = opcode == static_cast<std::uint8_t>(WsOpcode::continuation);
  if (continuation != in_message_) return false;
  if (!continuation) {
    in_message_ = true;
    message_opcode_ = static_cast<WsOpcode>(opcode);
    utf8_.reset();
  }
  return true;
}

WsParser::Step WsParser::next(std::string_view& input) {
  payload_ = {};
  while (state_ != State::ended) {
    if (state_ == State::header) {
      if (header_size_ == 0 && !in_message_ && message_.capacity() != 0) {
        message_ = {};  // an idle connection holds no buffer
      }
      if (!read_header(input)) return Step::need_more;
      if (!check_header()) return fail(WsClose::protocol_error);
      if (is_control()) {
        control_.clear();
      } else if (frame_left_ > message_bytes_max_ - std::min(message_bytes_max_, message_.size())) {
        return fail(WsClose::too_big);
      }
      frame_read_ = 0;
      state_ = State::payload;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, input.size()));
    std::string& into = is_control() ? control_ : message_;
    const std::size_t start = into.size();
    into.append(input.substr(0, count));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t key = header_[mask_at_ + ((frame_read_ + i) & 3U)];
      into[start + i] = static_cast<char>(static_cast<std::uint8_t>(into[start + i]) ^ key);
    }
    input.remove_prefix(count);
    frame_left_ -= count;
    frame_read_ += count;
    if (!is_control() && message_opcode_ == WsOpcode::text &&
        !utf8_.feed(std::string_view(into).substr(start))) {
      return fail(WsClose::bad_payload);
    }
    if (frame_left_ > 0) return Step::need_more;
    const Step step = finish_frame();
    if (step != Step::need_more) return step;
  }
  input = {};
  return Step::need_more;
}

WsParser::Step WsParser::finish_frame() {
  const auto opcode = static_cast<WsOpcode>(header_[0] & kOpcode);
  const bool fin = (header_[0] & kFin) != 0;
  state_ = State::header;
  header_size_ = 0;
  switch (opcode) {
    case WsOpcode::ping:
    case WsOpcode::pong:
      payload_ = control_;
      return opcode == WsOpcode::ping ? Step::ping : Step::pong;
    case WsOpcode::close:
      return finish_close();
    case WsOpcode::continuation:
    case WsOpcode::text:
    case WsOpcode::binary:
      break;
  }
  if (!fin) return Step::need_more;
  if (message_opcode_ == WsOpcode::text && !utf8_.complete()) return fail(WsClose::bad_payload);
  in_message_ = false;
  payload_ = message_;
  return Step::message;
}

WsParser::Step WsParser::finish_close() {
  if (control_.size() == 1) return fail(WsClose::protocol_error);
  state_ = State::ended;
  if (control_.empty()) return Step::close;
  const auto code = static_cast<std::uint16_t>((static_cast<std::uint8_t>(control_[0]) << 8U) |
                                               static_cast<std::uint8_t>(control_[1]));
  if (!is_valid_close_code(code)) return fail(WsClose::protocol_error);
  const std::string_view reason = std::string_view(control_).substr(2);
  Utf8Stream utf8;
  if (!utf8.feed(reason) || !utf8.complete()) return fail(WsClose::bad_payload);
  close_code_ = static_cast<WsClose>(code);
  payload_ = reason;
  return Step::close;
}

WsParser::Step WsParser::fail(WsClose code) {
  state_ = State::ended;
  close_code_ = code;
  message_ = {};
  payload_ = {};
  return Step::failed;
}

std::size_t encode_ws_header(WsOpcode opcode, std::uint64_t payload_bytes,
                             char (&out)[kWsHeaderBytesMax]) {
  out[0] = static_cast<char>(kFin | static_cast<std::uint8_t>(opcode));
  if (payload_bytes < kLength16) {
    out[1] = static_cast<char>(payload_bytes);
    return 2;
  }
  if (payload_bytes <= 0xFFFF) {
    out[1] = static_cast<char>(kLength16);
    write_big_endian(out + 2, payload_bytes, 2);
    return 4;
  }
  out[1] = static_cast<char>(kLength64);
  write_big_endian(out + 2, payload_bytes, 8);
  return kWsHeaderBytesMax;
}

void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload) {
  if ((static_cast<std::uint8_t>(opcode) & 0x08U) != 0)
    payload = payload.substr(0, kWsControlBytesMax);
  char header[kWsHeaderBytesMax];
  out.append(header, encode_ws_header(opcode, payload.size(), header));
  out += payload;
}

void append_ws_close(std::string& out, WsClose code, std::string_view reason) {
  std::string payload;
  if (code != WsClose::no_status) {
    payload.resize(2);
    write_big_endian(payload.data(), static_cast<std::uint16_t>(code), 2);
    payload += reason.substr(0, kWsControlBytesMax - 2);
  }
  append_ws_frame(out, WsOpcode::close, payload);
}

bool is_valid_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  // 1004 to 1006 and 1015 are reserved for local use; 1016 to 2999 are not defined.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace sb::transport
