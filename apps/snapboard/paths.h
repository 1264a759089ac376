#pragma once

#include <string>

#include "sb/core/result.h"

namespace sb::app {

/// `$XDG_RUNTIME_DIR/snapboard`, else `/tmp/snapboard-<uid>`: made 0700, refused when owned by
/// somebody else. A relative value is ignored (XDG base directory specification).
Result<std::string> runtime_dir();

/// The Unix socket of the server unless `--socket` says otherwise.
Result<std::string> default_socket_path();

}  // namespace sb::app
