#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sb::transport {

/// What a client's frame may get wrong on purpose.
struct FrameOptions {
  bool fin = true;
  bool masked = true;
};

/// A client frame with the shortest length form. `first` is the opcode, with reserved bits if
/// wanted.
inline std::string client_frame(std::uint8_t first, std::string_view payload,
                                FrameOptions options = {}) {
  std::string out;
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
      out += static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  };
  put(first | (options.fin ? 0x80U : 0U), 1);
  const unsigned mask_bit = options.masked ? 0x80U : 0U;
  if (payload.size() < 126) {
    put(mask_bit | payload.size(), 1);
  } else if (payload.size() <= 0xFFFF) {
    put(mask_bit | 126U, 1);
    put(payload.size(), 2);
  } else {
    put(mask_bit | 127U, 1);
    put(payload.size(), 8);
  }
  if (!options.masked) return out.append(payload);
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  out += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += static_cast<char>(payload[i] ^ kMask[i % kMask.size()]);
  }
  return out;
}

inline std::string close_payload(std::uint16_t code, std::string_view reason = {}) {
  std::string out;
  out += static_cast<char>(static_cast<std::uint8_t>(code >> 8U));
  out += static_cast<char>(static_cast<std::uint8_t>(code));
  return out.append(reason);
}

}  // namespace sb::transport
