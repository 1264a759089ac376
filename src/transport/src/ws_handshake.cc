#include "ws_handshake.h"

#include <bit>
#include <cstddef>

#include <boost/endian/conversion.hpp>

namespace sb::transport {
namespace {

constexpr std::string_view kHandshakeGuid =
    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, section 1.3
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kSha1Block = 64;  // bytes

using Sha1State = std::array<std::uint32_t, 5>;

void sha1_block(Sha1State& state, std::string_view block) {
  std::array<std::uint32_t, 80> words;
  std::uint32_t* const w = words.data();
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] =
        boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(block.data()) + 4 * i);
  }
  for (std::size_t i = 16; i < words.size(); ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  std::uint32_t next = 0;
  const auto rounds = [&](std::size_t begin, std::uint32_t constant, auto mix) {
    for (std::size_t i = begin; i < begin + 20; ++i) {
      next = std::rotl(a, 5) + mix() + e + constant + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
  };
  const auto parity = [&] { return b ^ c ^ d; };
  rounds(0, 0x5A827999, [&] { return (b & c) | (~b & d); });
  rounds(20, 0x6ED9EBA1, parity);
  rounds(40, 0x8F1BBCDC, [&] { return (b & c) | (b & d) | (c & d); });
  rounds(60, 0xCA62C1D6, parity);
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  Sha1State state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  // What follows the last whole block, a one bit, and the number of bits at the end of a block.
  const std::string_view rest = bytes.substr(bytes.size() / kSha1Block * kSha1Block);
  std::array<char, 2 * kSha1Block> tail{};
  rest.copy(tail.data(), rest.size());
  tail.at(rest.size()) = '\x80';
  const std::size_t tail_bytes = rest.size() + 1 + 8 <= kSha1Block ? kSha1Block : 2 * kSha1Block;
  boost::endian::store_big_u64(reinterpret_cast<unsigned char*>(tail.data() + tail_bytes - 8),
                               bytes.size() * 8);
  for (; bytes.size() >= kSha1Block; bytes.remove_prefix(kSha1Block)) {
    sha1_block(state, bytes.substr(0, kSha1Block));
  }
  for (std::size_t at = 0; at < tail_bytes; at += kSha1Block) {
    sha1_block(state, {tail.data() + at, kSha1Block});
  }
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? kBase64[(group >> (18 - 6 * i)) & 0x3FU] : '=';
    }
  }
  return out;
}

std::string ws_accept_key(std::string_view key) {
  std::string text(key);
  text += kHandshakeGuid;
  const auto digest = sha1(text);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_ws_key(std::string_view key) {
  if (key.size() != 24 || key.substr(22) != "==") return false;
  return key.substr(0, 22).find_first_not_of(kBase64) == std::string_view::npos;
}

bool wants_websocket(const HttpRequest& request) {
  return request.has_token("upgrade", "websocket");
}

WsHandshake check_ws_handshake(const HttpRequest& request) {
  if (request.method != "GET" || !request.http11 || !request.has_token("connection", "upgrade")) {
    return WsHandshake::bad;
  }
  if (request.header_count("sec-websocket-version") != 1 ||
      request.header("sec-websocket-version") != "13") {
    return WsHandshake::bad_version;
  }
  const auto key = request.header("sec-websocket-key");
  if (!key || request.header_count("sec-websocket-key") != 1 || !is_ws_key(*key))
    return WsHandshake::bad;
  return WsHandshake::good;
}

std::string ws_handshake_answer(const HttpRequest& request) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out += ws_accept_key(request.header("sec-websocket-key").value_or(""));
  out += "\r\n\r\n";
  return out;
}

}  // namespace sb::transport
