#pragma once

namespace sb::snapshot {
int answer();
}  // namespace sb::snapshot
