#include "sb/orchestration/orchestration.h"

#include "sb/core/core.h"
#include "sb/git/git.h"
#include "sb/model/model.h"
#include "sb/snapshot/snapshot.h"
#include "sb/workspace/workspace.h"

namespace sb::orchestration {
int answer() { return 1 + sb::core::answer() + sb::git::answer() + sb::model::answer() + sb::snapshot::answer() + sb::workspace::answer(); }
}  // namespace sb::orchestration
