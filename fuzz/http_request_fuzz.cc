// HTTP requests and what is read out of them: the same outcome however the bytes are cut, limits
// kept, and a target that parses has only sound parts.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sb/core/check.h"
#include "sb/core/percent.h"

#include "access.h"
#include "http_parser.h"
#include "url.h"
#include "ws_handshake.h"

namespace {

using sb::transport::HttpParser;
using sb::transport::HttpRequest;

constexpr HttpParser::Limits kLimits{.header_bytes = 512, .body_bytes = 128};

struct Outcome {
  HttpParser::Status status = HttpParser::Status::need_more;
  std::optional<HttpRequest> request;
};

Outcome parse(std::string_view bytes, std::size_t piece) {
  HttpParser parser(kLimits);
  Outcome outcome;
  std::string buffer;
  while (!bytes.empty() && outcome.status == HttpParser::Status::need_more) {
    buffer += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    outcome.status = parser.feed(buffer);
    (void)parser.take_expect_continue();
  }
  if (outcome.status == HttpParser::Status::done) outcome.request = parser.take();
  if (outcome.status == HttpParser::Status::failed) {
    SB_CHECK(parser.failure().status >= 400 && parser.failure().close, "a failure is answered");
  }
  return outcome;
}

void check_request(const HttpRequest& request) {
  SB_CHECK(request.body.size() <= kLimits.body_bytes, "bodies keep their limit");
  for (const auto& [name, value] : request.headers) {
    SB_CHECK(name == sb::transport::ascii_lower(name), "header names are lower case");
    SB_CHECK(value.find_first_of("\r\n") == std::string::npos, "headers are single lines");
  }
  const auto target = sb::transport::parse_target(request.target);
  if (target) {
    SB_CHECK(target->path.front() == '/' && !target->segments.empty(), "a path is absolute");
    for (const char c : target->path) {
      SB_CHECK(static_cast<unsigned char>(c) >= 0x20, "paths hold no control characters");
    }
    const auto rest = sb::transport::target_without_param(request.target, "token");
    SB_CHECK(!rest.starts_with("//") && rest.find_first_of("\r\n") == std::string::npos,
             "a redirect stays here");
  }
  static const sb::transport::AccessPolicy kPolicy(
      [] {
        sb::transport::ServerConfig config;
        config.token = "secret";
        return config;
      }(),
      "127.0.0.1", 7420);
  const sb::transport::Peer peer{false, "127.0.0.1"};
  (void)kPolicy.refuse_host(request, peer);
  (void)kPolicy.refuse_peer(request, peer);
  (void)kPolicy.refuse_upgrade(request, peer);
  if (!kPolicy.refuse_api(request, peer)) {
    bool presented = false;
    for (const auto& [name, value] : request.headers) {
      const auto decoded = sb::percent_decode(value);
      presented = presented || value.find("secret") != std::string::npos ||
                  (decoded && decoded->find("secret") != std::string::npos);
    }
    SB_CHECK(presented, "nobody gets in without the token");
  }
  if (sb::transport::wants_websocket(request)) (void)sb::transport::check_ws_handshake(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  const Outcome whole = parse(bytes, bytes.size() + 1);
  if (whole.request) check_request(*whole.request);
  // Cut input may fail later or earlier than whole input only as far as limits go; a good request
  // is good either way.
  const Outcome cut = parse(bytes, 3);
  if (whole.request && cut.request) {
    SB_CHECK(
        whole.request->target == cut.request->target && whole.request->body == cut.request->body,
        "cutting changes nothing");
  }
  return 0;
}
