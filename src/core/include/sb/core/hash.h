#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
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

namespace detail {
inline constexpr std::uint64_t kHashSeed = 0x9E3779B97F4A7C15ULL;
// Unlike the seed: two factors made with the same constant could change places.
inline constexpr std::uint64_t kHashOther = 0xD6E8FEB86659FD93ULL;

[[nodiscard]] inline std::uint64_t hash_word(const char* from, std::size_t bytes) {
  std::uint64_t value = 0;
  if (bytes != 0) std::memcpy(&value, from, bytes);  // an empty text may be nowhere
  return value;
}
[[nodiscard]] inline std::uint64_t hash_mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}
}  // namespace detail

/// A fast hash with 64 bits for tables in memory that keep the texts as well: two short texts can
/// have the same. Its values differ between versions of this program. Two overlapping words up to
/// 16 bytes, then 16 at a time; each step one wide multiplication of factors that are made
/// differently, so that no text equals another one with its words exchanged.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text,
                                             std::uint64_t seed = detail::kHashSeed) {
  using detail::hash_mix, detail::hash_word;
  const std::uint64_t other = seed ^ detail::kHashOther;
  std::uint64_t hash = seed ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 16; at += 16, left -= 16) {
    hash = hash_mix(hash ^ hash_word(at, 8), other ^ hash_word(at + 8, 8));
  }
  if (left >= 8) return hash_mix(hash ^ hash_word(at, 8), other ^ hash_word(at + left - 8, 8));
  if (left >= 4) return hash_mix(hash ^ hash_word(at, 4), other ^ hash_word(at + left - 4, 4));
  return hash_mix(hash ^ hash_word(at, left), other);
}

/// 64 bits that stand for a text where the text is not kept. Texts of one length that differ within
/// eight bytes (0-7, 8-15, …) never have the same, any others once in 2^64: each step is one to
/// one, in the text (the finaliser of MurmurHash3) and in what came before.
[[nodiscard]] inline std::uint64_t fingerprint(std::string_view text) {
  const auto spread = [](std::uint64_t bits) {
    bits = (bits ^ (bits >> 33U)) * 0xFF51AFD7ED558CCDULL;
    bits = (bits ^ (bits >> 33U)) * 0xC4CEB9FE1A85EC53ULL;
    return bits ^ (bits >> 33U);
  };
  std::uint64_t hash = spread(detail::kHashSeed ^ text.size());
  for (; text.size() > 8; text.remove_prefix(8)) {
    const std::string_view word = text.substr(0, 8);
    hash = spread(hash ^ detail::hash_word(word.data(), word.size()));
  }
  return spread(hash ^ detail::hash_word(text.data(), text.size()));
}

}  // namespace sb
