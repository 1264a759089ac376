#include "sb/transport/transport.h"

#include "sb/core/core.h"
#include "sb/model/model.h"
#include "sb/snapshot/snapshot.h"

namespace sb::transport {
int answer() { return 1 + sb::core::answer() + sb::model::answer() + sb::snapshot::answer(); }
}  // namespace sb::transport
