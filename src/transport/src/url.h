#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sb::transport {

/// A request target in origin form, taken apart: "/api/projects/p%201?view=x".
struct Target {
  std::string path;  ///< decoded
  std::vector<std::string>
      segments;  ///< decoded one by one, so that "%2F" stays inside its segment
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order

  [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const;
};

/// The number of a query parameter, `otherwise` when it is absent; nothing when it is none.
[[nodiscard]] std::optional<std::uint64_t> number_param(const Target& target, std::string_view name,
                                                        std::uint64_t otherwise);

/// `waitMs`, at most kWaitMax: how long an answer may be held back; none when it is absent, nothing
/// when it is no number.
[[nodiscard]] std::optional<std::chrono::milliseconds> wait_param(const Target& target);
inline constexpr std::chrono::milliseconds kWaitMax{30'000};

/// Nothing for anything but an origin-form target with sound percent-encoding and no control
/// characters.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

/// The same target without the query parameter `name`; other parameters as they were sent. Never
/// starts with "//", which a browser would take for another host.
[[nodiscard]] std::string target_without_param(std::string_view target, std::string_view name);

}  // namespace sb::transport
