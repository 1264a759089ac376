#pragma once

#include <cstdint>
#include <string_view>

namespace sb {

inline constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;
inline constexpr std::uint64_t kFnvPrime = 1099511628211ULL;

/// FNV-1a with 64 bits, continued from `seed`: used where both ends of the wire must agree on a
/// hash.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view bytes,
                                            std::uint64_t seed = kFnvOffset) {
  for (const char byte : bytes) {
    seed = (seed ^ static_cast<std::uint8_t>(byte)) * kFnvPrime;
  }
  return seed;
}

}  // namespace sb
