#include "config_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

namespace sb::app {

void apply_config_file(CLI::App& command, const std::string& path) {
  const auto refuse = [&](const std::string& what) {
    throw CLI::ConfigError("--config " + path + ": " + what,
                           static_cast<int>(CLI::ExitCodes::ConfigError));
  };
  // Opened like a file, it would read as an empty one.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse("it is a directory");
  CLI::ConfigTOML format;
  std::vector<CLI::ConfigItem> items;
  try {
    items = format.from_file(path);
  } catch (const CLI::Error& error) {
    refuse(error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    if (!item.parents.empty()) refuse("there are no sections, found " + item.parents.front());
    CLI::Option* const option = command.get_option_no_throw("--" + item.name);
    if (option == nullptr || !option->get_configurable())
      refuse("there is no setting " + item.name);
    const auto is_empty = [](const std::string& input) { return input.empty(); };
    if (std::any_of(item.inputs.begin(), item.inputs.end(), is_empty)) {
      refuse(item.name + " has no value");
    }
    const bool is_flag = option->get_expected_min() == 0;
    if (is_flag && item.inputs != std::vector<std::string>{"true"} &&
        item.inputs != std::vector<std::string>{"false"}) {
      refuse(item.name + " is true or false");
    }
    if (option->count() != 0) continue;
    try {
      if (is_flag) {
        option->add_result(option->get_flag_value(item.name, format.to_flag(item)));
      } else {
        option->add_result(item.inputs);
      }
      option->run_callback();
    } catch (const CLI::Error& error) {
      refuse(error.what());
    }
  }
}

}  // namespace sb::app
