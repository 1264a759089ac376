#pragma once

namespace sb::transport {
int answer();
}  // namespace sb::transport
