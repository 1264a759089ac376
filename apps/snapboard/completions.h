#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sb::app {

/// `snapboard completions bash|zsh|fish`: prints a script that completes commands and flags, made
/// of the very parser that reads them. Nothing for an unknown shell.
[[nodiscard]] std::string completions(const CLI::App& app, const std::string& shell);

}  // namespace sb::app
