#include "sb/core/core.h"

namespace sb::core {
int answer() { return 1; }
}  // namespace sb::core
