#pragma once

#include <sys/types.h>

#include <cstdint>
#include <type_traits>

namespace sb::process {

/// What passes between server and supervisor, one per packet: both are the same program.
struct ControlMessage {
  enum class Kind : std::int32_t {
    started,  ///< the command runs as `pid`
    failed,   ///< it could not be started: `value` is errno
    ended,    ///< nothing of it is left: `value` is the wait status of the command
    stop,     ///< from the server: end it
  };
  Kind kind = Kind::stop;
  std::int32_t value = 0;
  std::int32_t pid = 0;
  std::int32_t padding = 0;
  std::uint64_t start_ticks = 0;
};
static_assert(std::is_trivially_copyable_v<ControlMessage>);

/// Descriptor of the control socket in a supervisor.
inline constexpr int kControlFd = 3;

}  // namespace sb::process
