#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sb {

/// Monotonic time: drives timers and ages, never compared across processes.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
/// Wall time in milliseconds: for display only. No decision may depend on it (architecture, section
/// 7).
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// The seam to time. Thread: implementations are thread-safe.
struct Clock {
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime mono_now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

/// The real clocks of the machine.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonoTime mono_now() const override;
  [[nodiscard]] WallTime wall_now() const override;
};

/// ISO-8601 UTC with milliseconds: "2026-11-23T09:15:13.264Z".
[[nodiscard]] std::string to_iso(WallTime time);
/// Appends the same text without a temporary string.
void append_iso(std::string& out, WallTime time);
/// Reads ISO-8601 (RFC 3339) with any fraction and offset; nothing when it is not a date.
[[nodiscard]] std::optional<WallTime> parse_iso(std::string_view text);

}  // namespace sb
