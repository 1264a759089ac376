#include "sb/workspace/workspace.h"

#include "sb/core/core.h"
#include "sb/model/model.h"
#include "sb/sqlite/sqlite.h"

namespace sb::workspace {
int answer() { return 1 + sb::core::answer() + sb::model::answer() + sb::sqlite::answer(); }
}  // namespace sb::workspace
