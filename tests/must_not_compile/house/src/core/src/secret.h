#pragma once

namespace sb::core {
inline constexpr int kSecret = 7;
}  // namespace sb::core
