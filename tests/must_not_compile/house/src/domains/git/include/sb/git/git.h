#pragma once

namespace sb::git {
int answer();
}  // namespace sb::git
