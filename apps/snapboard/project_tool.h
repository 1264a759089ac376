#pragma once

#include <string>

#include "tools.h"

namespace sb::app {

/// `snapboard project list`, `add PATH`, `remove ID|NAME|PATH`.
int project_list(const std::string& socket, Output output);
int project_add(const std::string& socket, const std::string& path, const std::string& name,
                Output output);
int project_remove(const std::string& socket, const std::string& project);

}  // namespace sb::app
