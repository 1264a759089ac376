#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sb::orchestration {

/// How one source of facts does.
struct EngineSource {
  std::string name;
  std::string state;  ///< live stale unknown degraded rate_limited unreachable
  std::optional<std::int64_t> last_ok_age_ms;
  std::string detail;
};

}  // namespace sb::orchestration
