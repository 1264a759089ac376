#include "listen_address.h"

#include <charconv>
#include <system_error>

#include <boost/asio/ip/address.hpp>

namespace sb::app {

Result<ListenAddress> parse_listen(const std::string& text) {
  ListenAddress address;
  if (text.empty()) return address;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::invalid_argument, "expected HOST:PORT, found " + text);
  }
  address.host = text.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  boost::system::error_code no_address;
  (void)boost::asio::ip::make_address(address.host, no_address);
  if (no_address && address.host != "localhost") {
    return fail(ErrorCode::invalid_argument,
                "expected an IP address or localhost before the port, found " + text);
  }
  const char* const first = text.data() + colon + 1;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, address.port);
  if (first == last || error != std::errc() || end != last) {
    return fail(ErrorCode::invalid_argument, "expected a port from 0 to 65535, found " + text);
  }
  address.chosen = true;
  return address;
}

}  // namespace sb::app
