#pragma once

namespace sb::process {
int answer();
}  // namespace sb::process
