#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sb::github {

using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4).
[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// HMAC with it (RFC 2104).
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
/// Lower-case hex.
[[nodiscard]] std::string to_hex(const Sha256& digest);

}  // namespace sb::github
