#pragma once

#include <string>

#include "tools.h"

namespace sb::app {

/// `snapboard explain`: why a workspace shows the status it shows, and who said what when.
int explain(const std::string& socket, const std::string& workspace, Output output);
/// `snapboard history`: its latest transitions, newest first.
int history(const std::string& socket, const std::string& workspace, Output output);

}  // namespace sb::app
