#pragma once

namespace sb::core {
int answer();
}  // namespace sb::core
