#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sb::load {

/// One unit of a stream that arrived whole.
struct Unit {
  enum class What : std::uint8_t { need_more, text, ping, close, head, broken };
  What what = What::need_more;
  std::string_view payload;  ///< lives as long as the bytes it was cut from
  std::size_t consumed = 0;  ///< bytes of the stream
  int status = 0;            ///< of a head
  std::string problem;       ///< of something broken
};

/// One server frame of a WebSocket. A server neither masks nor sets reserved bits, and this one
/// never fragments.
[[nodiscard]] Unit read_frame(std::string_view bytes);
/// The text of one server-sent event.
[[nodiscard]] Unit read_event(std::string_view bytes);
/// The head of an answer, without its body.
[[nodiscard]] Unit read_head(std::string_view bytes);
/// A whole answer: the payload is its body.
[[nodiscard]] Unit read_answer(std::string_view bytes);

/// A masked client frame. A mask of zeros is a mask too.
[[nodiscard]] std::string client_frame(std::uint8_t opcode, std::string_view payload);

struct Request {
  std::string_view host;
  std::string_view token;
  std::string_view target;
};
[[nodiscard]] std::string upgrade_request(const Request& request);
[[nodiscard]] std::string get_request(const Request& request, bool event_stream);
[[nodiscard]] std::string post_request(const Request& request, std::string_view body);

}  // namespace sb::load
