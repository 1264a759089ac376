#pragma once

#include <chrono>
#include <string>

#include "sb/core/result.h"

namespace sb::app {

struct LocalResponse {
  int status = 0;
  std::string body;
};

/// One request to the server over its Unix socket. Blocks.
/// Errors: unavailable (not reachable), timeout.
Result<LocalResponse> local_request(const std::string& socket_path, const std::string& method,
                                    const std::string& target, const std::string& body = {},
                                    const std::string& content_type = {},
                                    std::chrono::seconds timeout = std::chrono::seconds(10));

}  // namespace sb::app
