#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sb/core/process_identity.h"

namespace sb::session {

/// What the process that ran for a hook knows beside the agent's JSON: when, for whom and where.
/// A closed list; the environment of a hook holds secrets and never travels.
struct HookLocators {
  std::uint64_t order = 0;        ///< CLOCK_MONOTONIC in nanoseconds when it began; 0: unknown
  ProcessIdentity process;        ///< the agent's
  std::string directory;          ///< where the agent works: canonical, absolute
  std::string project_directory;  ///< where it was started: canonical, absolute
  std::string config_directory;   ///< of the agent, when set
  std::string terminal;           ///< for instance a tmux pane
  friend bool operator==(const HookLocators&, const HookLocators&) = default;
};

/// The header that carries them in POST /hooks/{agent}.
inline constexpr std::string_view kLocatorsHeader = "Snapboard-Hook";
inline constexpr std::size_t kLocatorsBytesMax = 6U << 10U;  // bytes; longer paths are left out

/// "at=…;pid=…;cwd=…", values percent-encoded.
[[nodiscard]] std::string format_locators(const HookLocators& locators);
/// Never fails: what cannot be read is unknown.
[[nodiscard]] HookLocators parse_locators(std::string_view text);

}  // namespace sb::session
