#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "sb/core/result.h"

namespace sb::app {

/// Puts `text` in the place of the file: whoever reads sees all of the old or all of the new.
/// Errors: unavailable.
Result<void> write_atomically(const std::string& path, std::string_view text, mode_t mode);

}  // namespace sb::app
