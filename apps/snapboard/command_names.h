#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace sb::app {

/// What to say when the command line names a command there is none of, with the one that was likely
/// meant; empty when all is well. `words` begin behind the name of the program.
[[nodiscard]] std::string unknown_command(CLI::App& app, std::span<char*> words);

}  // namespace sb::app
