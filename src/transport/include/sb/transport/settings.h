#pragma once

#include <string_view>

// Whether a text is one that ServerConfig can hold: for what a person writes.

namespace sb::transport {

/// Of `ServerConfig::allow_hosts`: "name" or "name:port".
[[nodiscard]] bool is_host_name(std::string_view text);
/// Of `ServerConfig::trusted_peers`: an IPv4 address, or a block of them ("10.0.0.0/8").
[[nodiscard]] bool is_peer_block(std::string_view text);

}  // namespace sb::transport
