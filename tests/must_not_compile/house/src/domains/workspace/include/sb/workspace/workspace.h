#pragma once

namespace sb::workspace {
int answer();
}  // namespace sb::workspace
