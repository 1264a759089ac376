#pragma once

#include <chrono>
#include <thread>

#include "sb/testing/child_process.h"

namespace sb::process {

/// Waits for something the outside world does; false when it never happens.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 3 * testing::kTestDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sb::process
