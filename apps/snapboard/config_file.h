#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace sb::app {

/// Sets the options of `command` from a TOML file of `flag = value`, each named like its long flag
/// without the dashes. What the command line says wins. Throws CLI::ParseError, which names the
/// file and the flag.
void apply_config_file(CLI::App& command, const std::string& path);

}  // namespace sb::app
