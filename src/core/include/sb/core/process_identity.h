#pragma once

#include <cstdint>
#include <string>

namespace sb {

/// One process of this machine and no other: a pid alone is used again, together with the boot and
/// the start time (field 22 of /proc/PID/stat, in clock ticks) it is not. Empty: nothing known.
struct ProcessIdentity {
  std::string boot;               ///< /proc/sys/kernel/random/boot_id
  std::int32_t pid = 0;           ///< 0: unknown
  std::uint64_t start_ticks = 0;  ///< since boot
  [[nodiscard]] bool known() const { return pid > 0; }
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

}  // namespace sb
