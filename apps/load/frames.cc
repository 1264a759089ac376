#include "frames.h"

#include <charconv>

#include <fmt/format.h>

namespace sb::load {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kEventEnd = "\n\n";

Unit broken(std::string problem) {
  Unit unit;
  unit.what = Unit::What::broken;
  unit.problem = std::move(problem);
  return unit;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<std::uint8_t>(byte);
  return value;
}

}  // namespace

Unit read_frame(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  if ((first & 0x70U) != 0) return broken("a reserved bit is set");
  if ((first & 0x80U) == 0) return broken("a fragmented message");
  if ((second & 0x80U) != 0) return broken("a masked server frame");
  std::size_t head = 2;
  std::uint64_t length = second & 0x7FU;
  if (length >= 126) {
    const std::size_t size = length == 126 ? 2 : 8;
    head += size;
    if (bytes.size() < head) return {};
    length = big_endian(bytes.substr(2, size));
  }
  if (bytes.size() - head < length || bytes.size() < head) return {};
  Unit unit;
  unit.payload = bytes.substr(head, length);
  unit.consumed = head + length;
  switch (first & 0x0FU) {
    case 1:
      unit.what = Unit::What::text;
      return unit;
    case 8:
      unit.what = Unit::What::close;
      unit.status =
          unit.payload.size() >= 2 ? static_cast<int>(big_endian(unit.payload.substr(0, 2))) : 0;
      return unit;
    case 9:
      unit.what = Unit::What::ping;
      return unit;
    default:
      return broken(fmt::format("opcode {}", first & 0x0FU));
  }
}

Unit read_event(std::string_view bytes) {
  const auto end = bytes.find(kEventEnd);
  if (end == std::string_view::npos) return {};
  Unit unit;
  unit.what = Unit::What::text;
  unit.consumed = end + kEventEnd.size();
  std::string_view event = bytes.substr(0, end);
  for (const std::string_view field : {"retry: ", "id: "}) {
    if (event.starts_with(field)) event.remove_prefix(event.find('\n') + 1);
  }
  if (!event.starts_with("data: ")) return broken("an event without data");
  unit.payload = event.substr(6);
  return unit;
}

Unit read_head(std::string_view bytes) {
  const auto end = bytes.find(kHeadEnd);
  if (end == std::string_view::npos) return {};
  Unit unit;
  unit.what = Unit::What::head;
  unit.payload = bytes.substr(0, end);
  unit.consumed = end + kHeadEnd.size();
  if (bytes.size() < 12 || !bytes.starts_with("HTTP/1.1 ")) return broken("no answer of HTTP/1.1");
  std::from_chars(bytes.data() + 9, bytes.data() + 12, unit.status);
  return unit;
}

Unit read_answer(std::string_view bytes) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  Unit unit = read_head(bytes);
  if (unit.what != Unit::What::head) return unit;
  std::size_t length = 0;
  if (const auto at = unit.payload.find(kLength); at != std::string_view::npos) {
    const char* const digits = unit.payload.data() + at + kLength.size();
    std::from_chars(digits, unit.payload.data() + unit.payload.size(), length);
  }
  if (bytes.size() - unit.consumed < length) return {};
  unit.payload = bytes.substr(unit.consumed, length);
  unit.consumed += length;
  return unit;
}

std::string client_frame(std::uint8_t opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(0x80U | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else {
    frame += static_cast<char>(0x80U | 126U);
    frame += static_cast<char>(payload.size() >> 8U);
    frame += static_cast<char>(payload.size() & 0xFFU);
  }
  frame.append(4, '\0');
  return frame.append(payload);
}

std::string upgrade_request(const Request& request) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      request.target, request.host, request.token);
}

std::string get_request(const Request& request, bool event_stream) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{}\r\n",
                     request.target, request.host, request.token,
                     event_stream ? "Accept: text/event-stream\r\n" : "");
}

std::string post_request(const Request& request, std::string_view body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/cloudevents-batch+json\r\nContent-Length: {}\r\n\r\n{}",
      request.target, request.host, request.token, body.size(), body);
}

}  // namespace sb::load
