#pragma once

namespace sb::orchestration {
int answer();
}  // namespace sb::orchestration
