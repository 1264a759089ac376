#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/result.h"
#include "sb/session/hook_report.h"

// Hooks that found no server, kept in one file until there is one. Both ends are here: the process
// that runs for a hook appends, the server takes. Files are locked while they are written or taken,
// so that nothing falls between.

namespace sb::session {

/// The file, in the runtime directory of the user.
inline constexpr std::string_view kSpoolName = "hooks.spool";
/// Two files of this size at most: a full one gives way to the newest hooks, the one before goes.
inline constexpr std::size_t kSpoolBytesMax = 2U << 20U;

struct SpooledHook {
  std::string agent;
  HookLocators locators;
  std::string body;
};

/// Appends one hook as one write, mode 0600. `body` is one line. False when it could not be kept.
/// Throws nothing, waits for nobody but a server that takes the file this moment.
bool append_to_spool(const std::string& path, std::string_view agent, std::string_view locators,
                     std::string_view body);

/// Everything that waits, in the order in which it happened. It stays on disk, beside the spool,
/// until `drop_taken`: a server that dies in between takes it once more. Blocks: a worker's.
[[nodiscard]] std::vector<SpooledHook> take_spool(const std::string& path);
void drop_taken(const std::string& path);

}  // namespace sb::session
