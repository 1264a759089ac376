#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/result.h"

namespace sb::run_script {

inline constexpr std::string_view kCommandFile = "factory-factory.json";
inline constexpr std::size_t kCommandFileBytesMax = 256U << 10U;

/// A script of `factory-factory.json`, by its name there: `scripts.run`, `scripts.setup`.
enum class Script { run, setup };

/// The command that `scripts.…` of `factory-factory.json` in the worktree names, as arguments for a
/// shell. Reads a file: workers only. Errors: not_found (no file, or it names none),
/// invalid_argument (no JSON, not a text, too large).
[[nodiscard]] Result<std::vector<std::string>> read_command(const std::string& worktree,
                                                            Script script);

}  // namespace sb::run_script
