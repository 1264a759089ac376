#include "ws_frame.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ws_client_frames.h"

namespace sb::transport {
namespace {

constexpr std::size_t kLimit = 64U << 10U;

struct Seen {
  WsParser::Step step;
  std::string payload;
  WsClose code = WsClose::no_status;
};

/// Everything the parser reports when the bytes arrive in pieces of `piece`.
std::vector<Seen> parse(std::string_view bytes, std::size_t piece, std::size_t limit = kLimit) {
  WsParser parser(limit);
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view input = bytes.substr(at, piece);
    for (;;) {
      const auto step = parser.next(input);
      if (step == WsParser::Step::need_more) break;
      seen.push_back({step, std::string(parser.payload()), parser.close_code()});
    }
    EXPECT_TRUE(input.empty());
  }
  return seen;
}

std::vector<Seen> parse(std::string_view bytes) {
  return parse(bytes, bytes.size() + 1);
}

WsClose failure(std::string_view bytes) {
  const auto whole = parse(bytes);
  const auto drip = parse(bytes, 1);
  EXPECT_FALSE(whole.empty());
  EXPECT_FALSE(drip.empty());
  if (whole.empty() || drip.empty()) return WsClose::no_status;
  EXPECT_EQ(whole.back().step, WsParser::Step::failed);
  EXPECT_EQ(drip.back().step, WsParser::Step::failed);
  EXPECT_EQ(whole.back().code, drip.back().code);
  return whole.back().code;
}

TEST(WsParser, ReadsTheMaskedHelloOfTheRfc) {
  // RFC 6455, section 5.7.
  const std::string bytes("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  for (const std::size_t piece : {1U, 2U, 5U, 100U}) {
    const auto seen = parse(bytes, piece);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].step, WsParser::Step::message);
    EXPECT_EQ(seen[0].payload, "Hello");
  }
}

TEST(WsParser, ReadsEveryLengthForm) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U}) {
    const std::string text(size, 'x');
    const auto seen = parse(client_frame(0x1, text), 1000);
    ASSERT_EQ(seen.size(), 1U) << size;
    EXPECT_EQ(seen[0].payload, text) << size;
  }
}

TEST(WsParser, JoinsFragmentsAroundControlFrames) {
  const std::string bytes = client_frame(0x1, "ab", {.fin = false}) + client_frame(0x9, "p") +
                            client_frame(0x0, "", {.fin = false}) + client_frame(0xA, "q") +
                            client_frame(0x0, "cd") + client_frame(0x2, "next");
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    const auto seen = parse(bytes, piece);
    ASSERT_EQ(seen.size(), 4U);
    EXPECT_EQ(seen[0].step, WsParser::Step::ping);
    EXPECT_EQ(seen[0].payload, "p");
    EXPECT_EQ(seen[1].step, WsParser::Step::pong);
    EXPECT_EQ(seen[2].step, WsParser::Step::message);
    EXPECT_EQ(seen[2].payload, "abcd");
    EXPECT_EQ(seen[3].payload, "next");
  }
}

TEST(WsParser, RefusesWhatTheRfcForbids) {
  const std::string half = client_frame(0x1, "ab", {.fin = false});
  const std::vector<std::pair<const char*, std::string>> cases{
      {"unmasked", client_frame(0x1, "x", {.masked = false})},
      {"unmasked and empty", std::string("\x81\x00", 2)},
      {"reserved bit 1", client_frame(0x41, "x")},
      {"reserved bit 2", client_frame(0x21, "x")},
      {"reserved bit 3", client_frame(0x11, "x")},
      {"unknown data opcode", client_frame(0x3, "x")},
      {"unknown control opcode", client_frame(0xB, "x")},
      {"continuation of nothing", client_frame(0x0, "x")},
      {"text inside a message", half + client_frame(0x1, "x")},
      {"binary inside a message", half + client_frame(0x2, "x")},
      {"fragmented ping", client_frame(0x9, "x", {.fin = false})},
      {"long ping", client_frame(0x9, std::string(126, 'x'))},
      {"long close", client_frame(0x8, std::string(126, 'x'))},
      {"length 5 in two bytes", std::string("\x81\xfe\x00\x05\x01\x02\x03\x04", 8)},
      {"length 5 in eight bytes", std::string("\x81\xff\0\0\0\0\0\0\0\x05\x01\x02\x03\x04", 14)},
      {"length with the top bit", std::string("\x81\xff\x80\0\0\0\0\0\0\x05\x01\x02\x03\x04", 14)},
      {"close with one byte", client_frame(0x8, "x")},
      {"close 999", client_frame(0x8, close_payload(999))},
      {"close 1004", client_frame(0x8, close_payload(1004))},
      {"close 1005", client_frame(0x8, close_payload(1005))},
      {"close 1006", client_frame(0x8, close_payload(1006))},
      {"close 1015", client_frame(0x8, close_payload(1015))},
      {"close 2999", client_frame(0x8, close_payload(2999))},
      {"close 5000", client_frame(0x8, close_payload(5000))},
  };
  for (const auto& [name, bytes] : cases) {
    EXPECT_EQ(failure(bytes), WsClose::protocol_error) << name;
  }
}

TEST(WsParser, RefusesMessagesAboveTheLimitBeforeTheirPayload) {
  const std::string header("\x81\xff\0\0\0\0\0\x01\0\x01\x01\x02\x03\x04", 14);  // 65537 bytes
  EXPECT_EQ(failure(header), WsClose::too_big);
  const std::string huge("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14);
  EXPECT_EQ(failure(huge), WsClose::too_big);
  const std::string fragments = client_frame(0x1, std::string(kLimit, 'x'), {.fin = false}) +
                                client_frame(0x0, "y", {.fin = false});
  const auto seen = parse(fragments);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].code, WsClose::too_big);
  EXPECT_EQ(parse(client_frame(0x1, std::string(kLimit, 'x'))).front().step,
            WsParser::Step::message);
}

TEST(WsParser, ChecksUtf8AcrossFragments) {
  const std::string euro = "\xE2\x82\xAC";
  const auto good = parse(client_frame(0x1, euro.substr(0, 1), {.fin = false}) +
                          client_frame(0x0, euro.substr(1)));
  ASSERT_EQ(good.size(), 1U);
  EXPECT_EQ(good[0].payload, euro);
  const std::vector<std::string> bad{
      "\x80",         "\xC0\xAF",         "\xC1\xBF",         "\xE0\x9F\xBF",
      "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5",
      "\xFF",         "a\xE2\x82",        "\xE2\x28\xA1",     "\xC3",
  };
  for (const std::string& text : bad) {
    EXPECT_EQ(failure(client_frame(0x1, text)), WsClose::bad_payload);
    EXPECT_EQ(parse(client_frame(0x2, text)).front().step, WsParser::Step::message);
  }
  // Fails with the first bad byte, not at the end of the message.
  EXPECT_EQ(failure(client_frame(0x1, "\xFF", {.fin = false})), WsClose::bad_payload);
}

TEST(WsParser, ReportsAPeersClose) {
  const auto plain = parse(client_frame(0x8, ""));
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_EQ(plain[0].step, WsParser::Step::close);
  EXPECT_EQ(plain[0].code, WsClose::no_status);
  for (const std::uint16_t code :
       std::vector<std::uint16_t>{1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999}) {
    const auto seen = parse(client_frame(0x8, close_payload(code, "bye")), 1);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].step, WsParser::Step::close);
    EXPECT_EQ(static_cast<std::uint16_t>(seen[0].code), code);
    EXPECT_EQ(seen[0].payload, "bye");
  }
  EXPECT_EQ(failure(client_frame(0x8, close_payload(1000, "\xFF"))), WsClose::bad_payload);
  EXPECT_EQ(parse(client_frame(0x8, "") + client_frame(0x1, "late")).size(), 1U);
}

RC_GTEST_PROP(WsParser, SeesTheSameHoweverTheBytesAreCut, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  std::string stream;
  const auto frames = *rc::gen::inRange(0, 4);
  for (int i = 0; i < frames; ++i) {
    stream += client_frame(static_cast<std::uint8_t>(*rc::gen::element(0, 1, 2, 9, 10)),
                           *rc::gen::container<std::string>(rc::gen::inRange('a', 'z')),
                           {.fin = *rc::gen::arbitrary<bool>()});
  }
  stream += bytes;
  const auto whole = parse(stream);
  const auto cut = parse(stream, *rc::gen::inRange<std::size_t>(1, 9));
  RC_ASSERT(whole.size() == cut.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    RC_ASSERT(whole[i].step == cut[i].step);
    RC_ASSERT(whole[i].payload == cut[i].payload);
    RC_ASSERT(whole[i].code == cut[i].code);
  }
}

TEST(WsEncoder, UsesTheShortestLength) {
  char header[kWsHeaderBytesMax];
  EXPECT_EQ(encode_ws_header(WsOpcode::text, 125, header), 2U);
  EXPECT_EQ(std::string(header, 2), "\x81\x7D");
  EXPECT_EQ(encode_ws_header(WsOpcode::text, 126, header), 4U);
  EXPECT_EQ(std::string(header, 4), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(encode_ws_header(WsOpcode::text, 65535, header), 4U);
  EXPECT_EQ(encode_ws_header(WsOpcode::binary, 65536, header), 10U);
  EXPECT_EQ(std::string(header, 10), std::string("\x82\x7F\0\0\0\0\0\x01\0\0", 10));
}

TEST(WsEncoder, WritesControlFrames) {
  std::string out;
  append_ws_close(out, WsClose::slow, "slow");
  EXPECT_EQ(out, std::string("\x88\x06\x11\x38slow", 8));
  out.clear();
  append_ws_close(out, WsClose::no_status, "never said");
  EXPECT_EQ(out, std::string("\x88\x00", 2));
  out.clear();
  append_ws_frame(out, WsOpcode::ping, std::string(300, 'x'));
  EXPECT_EQ(out.size(), 2 + kWsControlBytesMax);
}

}  // namespace
}  // namespace sb::transport
