#include "sb/model/model.h"

#include "sb/core/core.h"

namespace sb::model {
int answer() { return 1 + sb::core::answer(); }
}  // namespace sb::model
