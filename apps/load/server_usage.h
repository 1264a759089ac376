#pragma once

#include <cstdint>

namespace sb::load {

/// CPU time of a process so far, of all its threads, in nanoseconds; 0 when it is not there.
[[nodiscard]] std::uint64_t cpu_nanos(int pid);
/// Resident memory of a process in bytes; 0 when it is not there.
[[nodiscard]] std::uint64_t resident_bytes(int pid);

}  // namespace sb::load
