#include <string_view>

#include <gmock/gmock.h>

#include "sb/process/supervisor.h"

#include "child_modes.h"

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 1) {
    if (arguments[1] == sb::process::kSuperviseMode) {
      return sb::process::supervise(arguments.subspan(2));
    }
    const auto mode = sb::workspace::child_modes().find(std::string_view(arguments[1]));
    if (mode != sb::workspace::child_modes().end()) return mode->second(arguments.subspan(2));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
