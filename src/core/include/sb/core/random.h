#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sb {

/// The seam to randomness: real in production, seeded in tests and simulation. Thread: externally
/// locked.
struct Random {
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

/// Random bytes from the kernel (getrandom), some at a time. A child process must not go on with
/// one of its parent.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 8> values_{};  // getrandom is never short of so few bytes
  std::size_t left_ = 0;
};

/// `bytes` random bytes as lower-case hex, for ids, epochs and tokens.
[[nodiscard]] std::string random_hex(Random& random, std::size_t bytes);

}  // namespace sb
