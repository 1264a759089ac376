#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/transport/server.h"

#include "http_message.h"
#include "url.h"

// Who may talk to us (protocol, section 1; contract, section 16): pure decisions over one request,
// no socket.

namespace sb::transport {

/// "host[:port]" of a Host header: lower case, IPv6 without brackets.
struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;
};
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

/// A canonical origin: scheme://host[:port] and nothing else.
struct Origin {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;  ///< effective
  friend bool operator==(const Origin&, const Origin&) = default;
};
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view text);

/// localhost, an IPv4 address in 127/8, or ::1.
[[nodiscard]] bool is_loopback_host(std::string_view host);
/// The same for a peer's address, with an IPv4-mapped prefix taken off.
[[nodiscard]] bool is_loopback_address(std::string_view address);
/// True when an IPv4 address lies in "a.b.c.d/n" (a bare address means /32). Malformed blocks hold
/// nothing.
[[nodiscard]] bool cidr_contains(std::string_view cidr, std::string_view address);

/// Takes time by the length of `presented` only.
[[nodiscard]] bool constant_time_equal(std::string_view presented, std::string_view expected);

/// Where a request came from.
struct Peer {
  bool unix_socket = false;
  std::string address;  ///< textual IP address, empty for the Unix socket
};

enum class Credential {
  none,        ///< nothing presented
  wrong,       ///< something presented, not ours
  bearer,      ///< Authorization header
  cookie,      ///< our cookie, so probably a browser
  not_needed,  ///< AuthMode::none or the Unix socket
};
[[nodiscard]] constexpr bool is_authorized(Credential credential) {
  return credential == Credential::bearer || credential == Credential::cookie ||
         credential == Credential::not_needed;
}

/// The rules of one server, once its port is known. Thread: immutable.
class AccessPolicy {
 public:
  AccessPolicy(const ServerConfig& config, std::string bound_host, std::uint16_t port);

  [[nodiscard]] bool host_allowed(std::string_view host_header) const;
  [[nodiscard]] bool origin_allowed(std::string_view origin) const;
  [[nodiscard]] bool peer_allowed(const Peer& peer) const;
  [[nodiscard]] Credential authenticate(const HttpRequest& request, const Peer& peer) const;
  [[nodiscard]] bool token_matches(std::string_view presented) const;

  /// What every request must pass first: one sound Host of ours (DNS rebinding).
  [[nodiscard]] std::optional<HttpResponse> refuse_host(const HttpRequest& request,
                                                        const Peer& peer) const;
  /// What every request must pass: a trusted peer, no forwarded-client headers.
  [[nodiscard]] std::optional<HttpResponse> refuse_peer(const HttpRequest& request,
                                                        const Peer& peer) const;
  /// What a request for data or a command must pass besides: origin, token, and no cross-site
  /// command.
  [[nodiscard]] std::optional<HttpResponse> refuse_api(const HttpRequest& request,
                                                       const Peer& peer) const;
  /// What an upgrade must pass before it is accepted: origin. Nothing said about the token, which
  /// is answered by a close code, because a browser cannot see a refused upgrade's status.
  [[nodiscard]] std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request,
                                                           const Peer& peer) const;

  /// "snapboard_7420": cookies know no ports, so the name does.
  [[nodiscard]] const std::string& cookie_name() const { return cookie_name_; }
  /// The answer to a page request with `?token=`: a cookie and the same URL without the token, or a
  /// refusal.
  [[nodiscard]] HttpResponse exchange_token(const HttpRequest& request, const Target& target) const;

 private:
  struct AllowedOrigin {
    std::string text;
    std::optional<Origin> origin;
  };
  AuthMode auth_;
  std::string token_;
  bool trust_forwarded_;
  bool wildcard_;  // bound to every address of the machine
  std::uint16_t port_;
  std::string bound_host_;
  std::vector<AllowedOrigin> origins_;  // configured ones, then our own
  std::vector<std::string> hosts_;      // configured, "name" or "name:port"
  std::vector<std::string> peers_;
  std::string cookie_name_;
  std::string own_authority_;  // "127.0.0.1:7420", as Host says it
};

}  // namespace sb::transport
