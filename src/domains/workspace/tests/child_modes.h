#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace sb::workspace {

/// What this test program does when it is started as a child, by its first argument; with those
/// after it. Answers the exit code.
using ChildMode = std::function<int(std::span<char*> arguments)>;
inline std::map<std::string, ChildMode, std::less<>>& child_modes() {
  static std::map<std::string, ChildMode, std::less<>> modes;
  return modes;
}
inline bool add_child_mode(std::string_view name, ChildMode mode) {
  return child_modes().emplace(name, std::move(mode)).second;
}

}  // namespace sb::workspace
