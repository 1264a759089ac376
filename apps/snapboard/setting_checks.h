#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

// What a setting of `serve` may be, said while the command line is read, so that a refusal names
// the flag.

namespace sb::app {

/// HOST:PORT of --listen.
[[nodiscard]] CLI::Validator listen_check();
/// A web origin as browsers write it: scheme, host, perhaps a port, nothing behind.
[[nodiscard]] CLI::Validator origin_check();
/// A Host header: NAME or NAME:PORT.
[[nodiscard]] CLI::Validator host_check();
/// An IPv4 address or a block of them.
[[nodiscard]] CLI::Validator peer_check();
/// The path of a Unix socket.
[[nodiscard]] CLI::Validator socket_check();

/// One of a few words, each of which stands for a value.
template <class Enum>
[[nodiscard]] CLI::Validator choice(std::vector<std::pair<std::string, Enum>> words) {
  const auto take = [words = std::move(words)](std::string& text) {
    std::string known;
    for (const auto& [word, value] : words) {
      if (word == text) {
        text = std::to_string(static_cast<int>(value));
        return std::string();
      }
      known += (known.empty() ? "" : " or ") + word;
    }
    return "expected " + known + ", found " + text;
  };
  return {take, "WORD"};
}

}  // namespace sb::app
