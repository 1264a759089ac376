#include "sb/git/git.h"

#include "sb/core/core.h"
#include "sb/model/model.h"
#include "sb/process/process.h"

namespace sb::git {
int answer() { return 1 + sb::core::answer() + sb::model::answer() + sb::process::answer(); }
}  // namespace sb::git
