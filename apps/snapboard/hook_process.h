#pragma once

#include <string>

#include "sb/core/process_identity.h"

namespace sb::app {

/// The agent that runs us: the pid it names itself, else our first ancestor that is no shell.
/// Unknown when /proc does not tell. Cheap: a few small reads.
[[nodiscard]] ProcessIdentity agent_process(const std::string& named_pid);

}  // namespace sb::app
