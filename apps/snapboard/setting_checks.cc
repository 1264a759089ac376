#include "setting_checks.h"

#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "sb/transport/settings.h"

#include "listen_address.h"

namespace sb::app {
namespace {

constexpr std::size_t kSocketPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

// Origins are compared as texts, so one that no browser sends would silently allow nothing.
bool is_origin(std::string_view text) {
  constexpr std::string_view kSeparator = "://";
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto in_scheme = [&](char c) {
    return is_lower(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  const auto end = text.find(kSeparator);
  if (end == std::string_view::npos || end == 0) return false;
  const std::string_view scheme = text.substr(0, end);
  if (!is_lower(scheme.front()) || !std::all_of(scheme.begin(), scheme.end(), in_scheme)) {
    return false;
  }
  const bool upper =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return !upper && transport::is_host_name(text.substr(end + kSeparator.size()));
}

}  // namespace

CLI::Validator listen_check() {
  return {[](const std::string& text) {
            if (text.empty()) return std::string("expected HOST:PORT, found nothing");
            const auto address = parse_listen(text);
            return address ? std::string() : address.error().message;
          },
          "HOST:PORT", "listen"};
}

CLI::Validator origin_check() {
  return {[](const std::string& text) {
            return is_origin(text) ? std::string()
                                   : "expected an origin as browsers write it (http://NAME or "
                                     "http://NAME:PORT, lower case, no slash behind), found " +
                                         text;
          },
          "URL", "origin"};
}

CLI::Validator host_check() {
  return {[](const std::string& text) {
            return transport::is_host_name(text) ? std::string()
                                                 : "expected NAME or NAME:PORT, found " + text;
          },
          "NAME[:PORT]", "host"};
}

CLI::Validator peer_check() {
  return {[](const std::string& text) {
            return transport::is_peer_block(text)
                       ? std::string()
                       : "expected an IPv4 address or block (10.0.0.0/8), found " + text;
          },
          "ADDRESS[/BITS]", "peer"};
}

CLI::Validator socket_check() {
  return {[](const std::string& text) {
            return !text.empty() && text.size() <= kSocketPathBytesMax
                       ? std::string()
                       : "expected a path of 1 to " + std::to_string(kSocketPathBytesMax) +
                             " bytes, found " + text;
          },
          "PATH", "socket"};
}

}  // namespace sb::app
