#pragma once

#include <sys/types.h>

#include "sb/core/process_runner.h"
#include "sb/core/result.h"
#include "sb/core/unique_fd.h"

namespace sb::process {

/// A child that was just started, and our ends of what connects us to it. The caller reaps `pid`.
struct Child {
  pid_t pid = -1;
  UniqueFd pidfd;  ///< readable when the child ended
  UniqueFd out;    ///< non-blocking
  UniqueFd err;    ///< non-blocking
};

/// Starts `spec` in a process group of its own. Errors: not_found (program or folder), internal.
Result<Child> spawn(const ProcessSpec& spec);

}  // namespace sb::process
