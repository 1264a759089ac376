#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "sb/core/clock.h"

namespace sb::orchestration {

/// How one source of facts does.
struct EngineSource {
  std::string name;
  std::string state;  ///< live stale unknown degraded rate_limited unreachable
  std::optional<std::int64_t> last_ok_age_ms;
  std::string detail;
};

/// How long ago that was, in milliseconds; nothing when it never was.
[[nodiscard]] inline std::optional<std::int64_t> age_ms(MonoTime now,
                                                        const std::optional<MonoTime>& at) {
  if (!at) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - *at).count();
}

}  // namespace sb::orchestration
