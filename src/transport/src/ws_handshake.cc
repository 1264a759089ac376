#include "ws_handshake.h"

#include <bit>
#include <cstddef>

namespace sb::transport {
namespace {

constexpr std::string_view kHandshakeGuid =
    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, section 1.3
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kSha1Block = 64;  // bytes

using Sha1State = std::array<std::uint32_t, 5>;

void sha1_block(Sha1State& state, const std::uint8_t* block) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = 0;
    for (std::size_t j = 0; j < 4; ++j) words[i] = (words[i] << 8U) | block[4 * i + j];
  }
  for (std::size_t i = 16; i < 80; ++i) {
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    std::uint32_t mixed = 0;
    std::uint32_t constant = 0;
    if (i < 20) {
      mixed = (b & c) | (~b & d);
      constant = 0x5A827999;
    } else if (i < 40) {
      mixed = b ^ c ^ d;
      constant = 0x6ED9EBA1;
    } else if (i < 60) {
      mixed = (b & c) | (b & d) | (c & d);
      constant = 0x8F1BBCDC;
    } else {
      mixed = b ^ c ^ d;
      constant = 0xCA62C1D6;
    }
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % kSha1Block != kSha1Block - 8) padded += '\0';
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    padded += static_cast<char>(static_cast<std::uint8_t>(bits >> (shift - 8)));
  }
  Sha1State state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::array<std::uint8_t, kSha1Block> block{};
  for (std::size_t at = 0; at < padded.size(); at += kSha1Block) {
    for (std::size_t i = 0; i < kSha1Block; ++i)
      block[i] = static_cast<std::uint8_t>(padded[at + i]);
    sha1_block(state, block.data());
  }
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

std::string base64(std::string_view bytes) {
  std::string out;
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
  std::string bytes;
  for (const std::uint8_t byte : digest) bytes += static_cast<char>(byte);
  return base64(bytes);
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
