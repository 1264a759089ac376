#include "sb/core/random.h"

#include <sys/random.h>

#include <utility>

#include "sb/core/check.h"

namespace sb {

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    SB_CHECK(getrandom(values_.data(), sizeof values_, 0) == static_cast<ssize_t>(sizeof values_),
             "the kernel gives no random bytes");
    left_ = values_.size();
  }
  return std::exchange(values_.at(--left_), 0);  // kept nowhere once it is given
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
