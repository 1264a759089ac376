#include "config_file.h"

#include <vector>

namespace sb::app {

void apply_config_file(CLI::App& command, const std::string& path) {
  const auto refuse = [&](const std::string& what) {
    throw CLI::ConfigError("--config " + path + ": " + what,
                           static_cast<int>(CLI::ExitCodes::ConfigError));
  };
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
    if (option->count() != 0) continue;
    try {
      if (option->get_expected_min() == 0) {
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
