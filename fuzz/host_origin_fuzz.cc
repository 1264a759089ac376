// Host and Origin texts: what is taken for loopback really is, and what is allowed is one of ours.
#include <cstddef>
#include <cstdint>
#include <string>

#include "sb/core/check.h"

#include "access.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  static const sb::transport::AccessPolicy kPolicy(
      [] {
        sb::transport::ServerConfig config;
        config.token = "secret";
        config.allow_origins = {"https://board.example", "http://localhost:3000"};
        return config;
      }(),
      "127.0.0.1", 7420);
  const auto authority = sb::transport::parse_authority(text);
  if (authority) {
    SB_CHECK(!authority->host.empty(), "an authority has a host");
    SB_CHECK(authority->host.find_first_of(" /@?#\\\t") == std::string::npos,
             "a host is only that");
  }
  if (kPolicy.host_allowed(text)) {
    SB_CHECK(authority && (sb::transport::is_loopback_host(authority->host) ||
                           authority->host == "board.example"),
             "a host is one of ours");
  }
  const auto origin = sb::transport::parse_origin(text);
  if (kPolicy.origin_allowed(text)) {
    SB_CHECK(
        origin && (text == "https://board.example" ||
                   (origin->scheme == "http" && sb::transport::is_loopback_host(origin->host) &&
                    (origin->port == 3000 || origin->port == 7420))),
        "an origin is one of ours");
  }
  (void)sb::transport::cidr_contains(text, "10.0.0.5");
  (void)sb::transport::cidr_contains("10.0.0.0/8", text);
  (void)sb::transport::is_loopback_address(text);
  SB_CHECK(sb::transport::constant_time_equal(text, "secret") == (text == "secret"),
           "equal is equal");
  return 0;
}
