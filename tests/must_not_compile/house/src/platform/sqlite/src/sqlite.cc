#include "sb/sqlite/sqlite.h"

#include "sb/core/core.h"

namespace sb::sqlite {
int answer() { return 1 + sb::core::answer(); }
}  // namespace sb::sqlite
