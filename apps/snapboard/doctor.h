#pragma once

#include <string>

#include "tools.h"

namespace sb::app {

/// `snapboard doctor`: looks at everything the server stands on and says what to do about what is
/// wrong. Changes nothing. Exit 0 when nothing is broken, 1 otherwise; a server that does not run
/// is not broken.
int doctor(const std::string& socket, const std::string& data_dir, Output output);

}  // namespace sb::app
