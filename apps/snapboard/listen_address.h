#pragma once

#include <cstdint>
#include <string>

#include "sb/core/result.h"

namespace sb::app {

/// Where the server listens.
struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7420;
  bool chosen = false;  ///< by --listen: no other port is tried
};

/// HOST:PORT, HOST an IP address (IPv6 in brackets or not) or localhost; empty: the default.
/// Errors: invalid_argument.
Result<ListenAddress> parse_listen(const std::string& text);

}  // namespace sb::app
