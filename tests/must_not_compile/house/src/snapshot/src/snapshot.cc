#include "sb/snapshot/snapshot.h"

#include "sb/core/core.h"
#include "sb/model/model.h"

namespace sb::snapshot {
int answer() { return 1 + sb::core::answer() + sb::model::answer(); }
}  // namespace sb::snapshot
