#pragma once

#include <cstdint>
#include <string>

namespace sb {

/// The seam to randomness: real in production, seeded in tests and simulation. Thread: externally
/// locked.
struct Random {
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

/// Random bytes from the kernel (getrandom).
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

/// `bytes` random bytes as lower-case hex, for ids, epochs and tokens.
[[nodiscard]] std::string random_hex(Random& random, std::size_t bytes);

}  // namespace sb
