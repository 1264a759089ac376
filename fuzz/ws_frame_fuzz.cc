// The WebSocket frame parser: the same events however the bytes are cut, nothing above the limits,
// text is UTF-8, and every failure carries a close code of ours.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/check.h"
#include "sb/core/utf8.h"

#include "ws_frame.h"

namespace {

using sb::transport::WsClose;
using sb::transport::WsParser;

constexpr std::size_t kLimit = 300;  // small, so that input reaches it

struct Seen {
  WsParser::Step step;
  std::string payload;
  WsClose code;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> parse(std::string_view bytes, std::size_t piece) {
  WsParser parser(kLimit);
  std::vector<Seen> seen;
  while (!bytes.empty()) {
    std::string_view input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    for (;;) {
      const auto step = parser.next(input);
      if (step == WsParser::Step::need_more) break;
      seen.push_back({step, std::string(parser.payload()), parser.close_code()});
      const std::size_t limit =
          step == WsParser::Step::message ? kLimit : sb::transport::kWsControlBytesMax;
      SB_CHECK(parser.payload().size() <= limit, "payloads keep their limits");
      if (step == WsParser::Step::message && parser.is_text()) {
        SB_CHECK(sb::is_valid_utf8(parser.payload()), "text is UTF-8");
      }
      if (step == WsParser::Step::failed) {
        const auto code = parser.close_code();
        SB_CHECK(code == WsClose::protocol_error || code == WsClose::bad_payload ||
                     code == WsClose::too_big,
                 "a failure has a code");
      }
    }
    SB_CHECK(input.empty(), "everything is consumed");
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const auto whole = parse(bytes, bytes.size() + 1);
  SB_CHECK(whole == parse(bytes, 1), "cutting changes nothing");
  SB_CHECK(whole == parse(bytes, 7), "cutting changes nothing");
  return 0;
}
