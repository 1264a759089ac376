#pragma once

#include <optional>

namespace sb::process {

/// What a pidfd tells of an ended process.
struct ExitReport {
  bool final = false;       ///< nothing more will be told
  std::optional<int> code;  ///< exit code, or 128 + signal
};

/// Asks once. Not final: the parent has not collected the process yet.
[[nodiscard]] ExitReport read_exit(int pidfd);

}  // namespace sb::process
