#include "sb/core/random.h"

#include <sys/random.h>

#include "sb/core/check.h"

namespace sb {

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  SB_CHECK(getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value),
           "the kernel gives no random bytes");
  return value;
}

std::string random_hex(Random& random, std::size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes * 2);
  std::uint64_t pool = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    if (i % 8 == 0) pool = random.next();
    out += kDigits[(pool >> 4U) & 15U];
    out += kDigits[pool & 15U];
    pool >>= 8U;
  }
  return out;
}

}  // namespace sb
