#include "command_names.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

namespace sb::app {
namespace {

constexpr std::size_t kSlipsMax = 2;  // characters put in, left out or changed

// How many characters have to be put in, left out or changed to make one of the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string unknown_command(CLI::App& app, std::span<char*> words) {
  CLI::App* at = &app;
  for (const std::string_view word : words) {
    const auto commands = at->get_subcommands([](CLI::App*) { return true; });
    if (commands.empty() || word.starts_with('-')) return {};
    const auto next = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* command) {
      return command->get_name() == word;
    });
    if (next != commands.end()) {
      at = *next;
      continue;
    }
    std::string nearest;
    std::size_t slips = std::min(kSlipsMax + 1, word.size());
    for (const CLI::App* command : commands) {
      const std::size_t wrong = distance(word, command->get_name());
      if (wrong >= slips) continue;
      slips = wrong;
      nearest = command->get_name();
    }
    return "no such command: " + std::string(word) +
           (nearest.empty() ? "" : "; did you mean " + nearest + "?") + " (" + app.get_name() +
           " --help lists all)";
  }
  return {};
}

}  // namespace sb::app
