#include "access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "sb/core/percent.h"
#include "sb/transport/settings.h"

namespace sb::transport {
namespace {

constexpr std::array<std::string_view, 6> kForwardedHeaders{"forwarded",        "x-forwarded-for",
                                                            "x-real-ip",        "x-client-ip",
                                                            "cf-connecting-ip", "true-client-ip"};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value == 0 || value > 0xFFFF) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

/// Reads an address of that family into `to`.
template <class Address>
bool parse_address(int family, std::string_view text, Address& to) {
  // inet_pton stops at a NUL byte and would take what stands before it.
  std::array<char, INET6_ADDRSTRLEN> bytes;
  if (text.size() >= bytes.size() || text.find('\0') != std::string_view::npos) return false;
  bytes[text.copy(bytes.data(), text.size())] = '\0';
  return inet_pton(family, bytes.data(), &to) == 1;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (!parse_address(AF_INET, text, address)) return std::nullopt;
  return ntohl(address.s_addr);
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  return parse_address(AF_INET6, text, address);
}

bool is_ip_literal(std::string_view host) {
  return parse_ipv4(host).has_value() || is_ipv6(host);
}

struct Block {
  std::uint32_t network;
  std::uint32_t mask;
};

// "10.0.0.0/8", or one address.
std::optional<Block> parse_block(std::string_view cidr) {
  const auto slash = cidr.find('/');
  const auto network = parse_ipv4(cidr.substr(0, slash));
  if (!network) return std::nullopt;
  unsigned bits = 32;
  if (slash != std::string_view::npos) {
    const std::string_view text = cidr.substr(slash + 1);
    if (text.empty() || text.size() > 2 ||
        text.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
    std::from_chars(text.data(), text.data() + text.size(), bits);
    if (bits > 32) return std::nullopt;
  }
  return Block{*network, bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits)};
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  return scheme == "https" ? 443 : 0;
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string_view without_mapped_prefix(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";
  if (address.substr(0, kMapped.size()) == kMapped) address.remove_prefix(kMapped.size());
  return address;
}

Error forbidden(std::string message) {
  return Error{ErrorCode::forbidden, std::move(message), {}};
}

HttpResponse bad_upgrade(std::string message) {
  return problem_response(Error{ErrorCode::invalid_argument, std::move(message), {}});
}

std::string authority_text(std::string_view host, std::uint16_t port) {
  if (host.find(':') != std::string_view::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

/// What an Authorization header of the Bearer scheme presents.
std::optional<std::string_view> bearer(const HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto header = request.header("authorization");
  if (!header || !ascii_iequals(header->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return trim(header->substr(kScheme.size()));
}

bool is_reading(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const std::string lowered = ascii_lower(text);
  std::string_view rest = lowered;
  Authority authority;
  if (!rest.empty() && rest.front() == '[') {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    authority.host = rest.substr(1, end - 1);
    if (!is_ipv6(authority.host)) return std::nullopt;
    rest.remove_prefix(end + 1);
  } else {
    const auto end = rest.find(':');
    authority.host = rest.substr(0, end);
    if (authority.host.empty() ||
        !std::all_of(authority.host.begin(), authority.host.end(), is_host_char)) {
      return std::nullopt;
    }
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  authority.port = parse_port(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

std::optional<Origin> parse_origin(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Origin origin;
  origin.scheme = ascii_lower(text.substr(0, colon));
  if (default_port(origin.scheme) == 0) return std::nullopt;
  auto authority = parse_authority(text.substr(colon + 3));
  if (!authority) return std::nullopt;
  origin.host = std::move(authority->host);
  origin.port = authority->port.value_or(default_port(origin.scheme));
  return origin;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  const auto address = parse_ipv4(host);
  return address && (*address >> 24U) == 127;
}

bool is_loopback_address(std::string_view address) {
  address = without_mapped_prefix(address);
  return address != "localhost" && is_loopback_host(address);
}

bool cidr_contains(std::string_view cidr, std::string_view address) {
  const auto block = parse_block(cidr);
  const auto candidate = parse_ipv4(without_mapped_prefix(address));
  return block && candidate && (*candidate & block->mask) == (block->network & block->mask);
}

bool is_host_name(std::string_view text) {
  return parse_authority(text).has_value();
}

bool is_peer_block(std::string_view text) {
  return parse_block(text).has_value();
}

bool constant_time_equal(std::string_view presented, std::string_view expected) {
  // Never stops early and never indexes by a secret: only the length of what the caller sent shows.
  volatile unsigned difference = presented.size() == expected.size() ? 0U : 1U;
  std::size_t at = 0;  // of `expected`, again and again: a division per byte would cost more
  for (const char c : presented) {
    const char other = expected.empty() ? '\0' : expected[at];
    difference = difference | static_cast<unsigned>(static_cast<unsigned char>(c ^ other));
    at = at + 1 < expected.size() ? at + 1 : 0;
  }
  return difference == 0;
}

AccessPolicy::AccessPolicy(const ServerConfig& config, std::string bound_host, std::uint16_t port)
    : auth_(config.auth),
      token_(config.token),
      trust_forwarded_(config.trust_forwarded),
      wildcard_(bound_host == "0.0.0.0" || bound_host == "::"),
      port_(port),
      bound_host_(std::move(bound_host)),
      hosts_(config.allow_hosts),
      peers_(config.trusted_peers),
      cookie_name_(fmt::format("snapboard_{}", port)),
      own_authority_(authority_text(bound_host_, port)) {
  for (const std::string& text : config.allow_origins)
    origins_.push_back({text, parse_origin(text)});
  const std::string own = "http://" + own_authority_;
  origins_.push_back({own, parse_origin(own)});
  if (wildcard_) {
    const std::string local = fmt::format("http://localhost:{}", port_);
    origins_.push_back({local, parse_origin(local)});
  }
  for (std::string& host : hosts_) host = ascii_lower(host);
}

bool AccessPolicy::host_allowed(std::string_view host_header) const {
  if (host_header == own_authority_) return true;  // as nearly always
  const auto host = parse_authority(host_header);
  if (!host) return false;
  const std::uint16_t port = host->port.value_or(80);
  if (port == port_) {
    if (is_loopback_host(host->host) || host->host == bound_host_) return true;
    // A name can be pointed at us by anyone (DNS rebinding), an address cannot.
    if (wildcard_ && is_ip_literal(host->host)) return true;
  }
  for (const std::string& allowed : hosts_) {
    if (allowed == ascii_lower(host_header)) return true;
    if (allowed == host->host && port == port_) return true;
  }
  // A front end that passes requests on keeps its own name in Host.
  return std::any_of(origins_.begin(), origins_.end(), [&](const AllowedOrigin& allowed) {
    return allowed.origin && allowed.origin->host == host->host &&
           host->port.value_or(default_port(allowed.origin->scheme)) == allowed.origin->port;
  });
}

bool AccessPolicy::origin_allowed(std::string_view text) const {
  const auto origin = parse_origin(text);
  const bool loopback = origin && is_loopback_host(origin->host);
  return std::any_of(origins_.begin(), origins_.end(), [&](const AllowedOrigin& allowed) {
    if (allowed.text == text) return true;
    return loopback && allowed.origin && is_loopback_host(allowed.origin->host) &&
           allowed.origin->scheme == origin->scheme && allowed.origin->port == origin->port;
  });
}

bool AccessPolicy::peer_allowed(const Peer& peer) const {
  if (peer.unix_socket || is_loopback_address(peer.address)) return true;
  // Beyond loopback the token decides, unless the operator named the peers.
  if (peers_.empty()) return auth_ == AuthMode::token;
  return std::any_of(peers_.begin(), peers_.end(),
                     [&](const std::string& cidr) { return cidr_contains(cidr, peer.address); });
}

bool AccessPolicy::token_matches(std::string_view presented) const {
  return !token_.empty() && constant_time_equal(presented, token_);
}

Credential AccessPolicy::authenticate(const HttpRequest& request, const Peer& peer) const {
  if (peer.unix_socket || auth_ == AuthMode::none) return Credential::not_needed;
  if (request.header("authorization")) {
    const auto token = bearer(request);
    return token && token_matches(*token) ? Credential::bearer : Credential::wrong;
  }
  Credential found = Credential::none;
  for (const auto& [name, value] : request.headers) {
    if (name != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name_) continue;
      const auto token = percent_decode(pair.substr(equals + 1));
      if (token && token_matches(*token)) return Credential::cookie;
      found = Credential::wrong;
    }
  }
  return found;
}

std::optional<HttpResponse> AccessPolicy::refuse_host(const HttpRequest& request,
                                                      const Peer& peer) const {
  const std::size_t hosts = request.header_count("host");
  if (hosts > 1 || (hosts == 0 && request.http11)) {
    auto response = problem_response(
        {ErrorCode::invalid_argument, "A request needs exactly one Host header.", {}});
    response.close = true;
    return response;
  }
  if (hosts == 0) return std::nullopt;
  const std::string_view host = *request.header("host");
  // Nobody can lead a browser to a Unix socket, and local tools put anything into Host.
  const bool served = peer.unix_socket ? parse_authority(host).has_value() : host_allowed(host);
  if (served) return std::nullopt;
  if (parse_authority(host)) return problem_response(forbidden("This Host is not served here."));
  auto response =
      problem_response({ErrorCode::invalid_argument, "The Host header is malformed.", {}});
  response.close = true;
  return response;
}

std::optional<HttpResponse> AccessPolicy::refuse_peer(const HttpRequest& request,
                                                      const Peer& peer) const {
  if (!peer_allowed(peer)) return problem_response(forbidden("Untrusted remote address."));
  if (!trust_forwarded_) {
    for (const auto& [name, value] : request.headers) {
      if (std::find(kForwardedHeaders.begin(), kForwardedHeaders.end(), name) !=
          kForwardedHeaders.end()) {
        return problem_response(forbidden("Forwarded requests are not trusted."));
      }
    }
  }
  return std::nullopt;
}

std::optional<HttpResponse> AccessPolicy::refuse_api(const HttpRequest& request,
                                                     const Peer& peer) const {
  const auto origin = request.header("origin");
  if (origin && !origin_allowed(*origin))
    return problem_response(forbidden("This Origin is not allowed."));
  const Credential credential = authenticate(request, peer);
  if (!is_authorized(credential)) {
    return problem_response(
        {ErrorCode::unauthorized,
         credential == Credential::wrong ? "The token is not valid." : "A token is needed.",
         {}});
  }
  if (is_reading(request.method) || origin) return std::nullopt;
  // A browser that sends a command without Origin must at least say that it is our own page.
  const auto site = request.header("sec-fetch-site");
  const bool own_page = site && (*site == "same-origin" || *site == "none");
  if ((site && !own_page) || (credential == Credential::cookie && !own_page)) {
    return problem_response(forbidden("A command from a browser needs an allowed Origin."));
  }
  return std::nullopt;
}

std::optional<HttpResponse> AccessPolicy::refuse_upgrade(const HttpRequest& request,
                                                         const Peer& peer) const {
  const auto origin = request.header("origin");
  if (!origin) {
    // No page can set this header on a WebSocket, so whoever sends it is not one.
    if (peer.unix_socket || bearer(request)) return std::nullopt;
    return bad_upgrade("Missing Origin header.");
  }
  if (request.header_count("origin") > 1 || !origin_allowed(*origin))
    return bad_upgrade("Unauthorized origin.");
  return std::nullopt;
}

HttpResponse AccessPolicy::exchange_token(const HttpRequest& request, const Target& target) const {
  const std::string_view presented = target.param("token").value_or("");
  if (auth_ == AuthMode::token && !token_matches(presented)) {
    return problem_response({ErrorCode::unauthorized,
                             "The token is not valid; it changes with each start of the server.",
                             {}});
  }
  HttpResponse response;
  response.status = 303;
  response.add("Location", target_without_param(request.target, "token"));
  response.add("Cache-Control", "no-store").add("Referrer-Policy", "no-referrer");
  if (auth_ == AuthMode::token) {
    response.add("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", cookie_name_,
                                           percent_encode(token_)));
  }
  return response;
}

}  // namespace sb::transport
