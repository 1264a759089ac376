#pragma once

#include "oracle/statement.h"
#include "step.h"

namespace sb::snapshot {

/// What the source of a step says by it: one or two scalars, a pull request, an element, a whole
/// list, and for every other step a state, which is what creates. Values are few, so that they are
/// often said again.
[[nodiscard]] sim::Statement statement_of(const Step& step);

}  // namespace sb::snapshot
