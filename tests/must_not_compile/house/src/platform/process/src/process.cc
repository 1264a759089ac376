#include "sb/process/process.h"

#include "sb/core/core.h"

namespace sb::process {
int answer() { return 1 + sb::core::answer(); }
}  // namespace sb::process
