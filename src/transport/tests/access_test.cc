#include "access.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace sb::transport {
namespace {

ServerConfig config_with_token() {
  ServerConfig config;
  config.token = "s3cret;token";
  return config;
}

AccessPolicy policy(ServerConfig config = config_with_token(), std::string host = "127.0.0.1",
                    std::uint16_t port = 7420) {
  return AccessPolicy(config, std::move(host), port);
}

HttpRequest request(std::vector<std::pair<std::string, std::string>> headers,
                    std::string method = "GET") {
  HttpRequest result;
  result.method = std::move(method);
  result.target = "/api/projects";
  result.headers = std::move(headers);
  return result;
}

const Peer kLocal{false, "127.0.0.1"};
const Peer kUnix{true, {}};

int status(const std::optional<HttpResponse>& refusal) {
  return refusal ? refusal->status : 0;
}

TEST(Authority, IsReadStrictly) {
  EXPECT_EQ(parse_authority("LocalHost:80")->host, "localhost");
  EXPECT_EQ(parse_authority("localhost:80")->port, 80);
  EXPECT_EQ(parse_authority("localhost")->port, std::nullopt);
  EXPECT_EQ(parse_authority("[::1]:7420")->host, "::1");
  for (const char* text : {"", ":80", "a b", "a@b", "a/b", "a:", "a:x", "a:0", "a:65536", "a:1:2",
                           "[::1", "[::1]x", "[x]", "::1", "a\tb", "a,b", "[]"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
  EXPECT_FALSE(parse_authority(std::string_view("[::\0x]", 6)));
  EXPECT_FALSE(is_loopback_host(std::string_view("127.0.0.1\0x", 11)));
}

TEST(OriginText, MustBeCanonical) {
  EXPECT_EQ(parse_origin("http://localhost"), (Origin{"http", "localhost", 80}));
  EXPECT_EQ(parse_origin("https://[::1]:8443"), (Origin{"https", "::1", 8443}));
  for (const char* text :
       {"", "null", "localhost", "http://", "http://a/", "http://a/x", "http://u@a", "http://a?x",
        "http://a#x", "ftp://a", "file://", "http:/a", "http://a:80:80", "ws://a"}) {
    EXPECT_FALSE(parse_origin(text)) << text;
  }
}

TEST(LoopbackHost, IsNotAName) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil",
                           "::2", "128.0.0.1", "0.0.0.0", "evil.localhost"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(HostRule, AllowsOurOwnNamesWithOurPort) {
  ServerConfig config = config_with_token();
  config.allow_origins = {"http://front.example:3000", "https://board.example"};
  config.allow_hosts = {"Named.example", "other.example:9000"};
  const AccessPolicy access = policy(config);
  for (const char* host : {"localhost:7420", "LOCALHOST:7420", "127.0.0.1:7420", "127.9.9.9:7420",
                           "[::1]:7420", "front.example:3000", "board.example", "board.example:443",
                           "named.example:7420", "named.example", "other.example:9000"}) {
    EXPECT_TRUE(access.host_allowed(host)) << host;
  }
  for (const char* host : {"localhost", "localhost:7421", "evil.example:7420", "front.example:7420",
                           "127.0.0.1.evil.example:7420", "10.0.0.5:7420", "other.example:7420",
                           "board.example:80", ""}) {
    EXPECT_FALSE(access.host_allowed(host)) << host;
  }
}

TEST(HostRule, AllowsAddressesButNoNamesOnAWildcard) {
  const AccessPolicy access = policy(config_with_token(), "0.0.0.0");
  EXPECT_TRUE(access.host_allowed("192.168.1.7:7420"));
  EXPECT_TRUE(access.host_allowed("[fd00::1]:7420"));
  EXPECT_TRUE(access.host_allowed("localhost:7420"));
  EXPECT_FALSE(access.host_allowed("rebound.example:7420"));
  EXPECT_FALSE(access.host_allowed("192.168.1.7:80"));
}

TEST(OriginRule, S_54_IsExactButForLoopbackAliases) {
  ServerConfig config = config_with_token();
  config.allow_origins = {"http://localhost:3000", "https://board.example"};
  const AccessPolicy access = policy(config);
  const std::vector<std::pair<const char*, bool>> cases{
      {"http://localhost:3000", true},
      {"http://127.0.0.1:3000", true},
      {"http://127.1.2.3:3000", true},
      {"http://[::1]:3000", true},
      {"https://board.example", true},
      {"http://127.0.0.1:7420", true},  // our own page
      {"http://localhost:7420", true},
      {"https://localhost:7420", false},
      {"https://localhost:3000", false},
      {"http://localhost:3001", false},
      {"http://localhost", false},
      {"http://localhost:3000/", false},
      {"http://localhost:3000/path", false},
      {"http://user@localhost:3000", false},
      {"http://localhost:3000?x", false},
      {"http://localhost:3000#x", false},
      {"http://localhost.evil.example:3000", false},
      {"http://127.evil.example:3000", false},
      {"http://board.example", false},
      {"https://board.example:444", false},
      {"https://evil.example", false},
      {"null", false},
      {"", false},
  };
  for (const auto& [origin, allowed] : cases) {
    EXPECT_EQ(access.origin_allowed(origin), allowed) << origin;
  }
}

TEST(PeerRule, S_54_TrustsLoopbackAndNamedBlocks) {
  const AccessPolicy open = policy();
  EXPECT_TRUE(open.peer_allowed({false, "127.0.0.1"}));
  EXPECT_TRUE(open.peer_allowed({false, "::ffff:127.0.0.1"}));
  EXPECT_TRUE(open.peer_allowed({false, "::1"}));
  EXPECT_TRUE(open.peer_allowed(kUnix));
  EXPECT_TRUE(open.peer_allowed({false, "10.0.0.5"}));  // the token decides
  ServerConfig config = config_with_token();
  config.auth = AuthMode::none;
  EXPECT_FALSE(policy(config).peer_allowed({false, "10.0.0.5"}));
  config.trusted_peers = {"nonsense", "10.0.0.0/33", "10.0.0.0/8"};
  EXPECT_TRUE(policy(config).peer_allowed({false, "10.0.0.5"}));
  EXPECT_TRUE(policy(config).peer_allowed({false, "::ffff:10.9.9.9"}));
  EXPECT_FALSE(policy(config).peer_allowed({false, "11.0.0.5"}));
  EXPECT_FALSE(policy(config).peer_allowed({false, "fd00::1"}));
  config.trusted_peers = {"10.0.0.5"};
  EXPECT_TRUE(policy(config).peer_allowed({false, "10.0.0.5"}));
  EXPECT_FALSE(policy(config).peer_allowed({false, "10.0.0.6"}));
}

TEST(PeerRule, ReadsBlocks) {
  EXPECT_TRUE(cidr_contains("0.0.0.0/0", "9.9.9.9"));
  EXPECT_TRUE(cidr_contains("192.168.1.128/25", "192.168.1.200"));
  EXPECT_FALSE(cidr_contains("192.168.1.128/25", "192.168.1.1"));
  for (const char* bad : {"", "/", "1.2.3.4/", "1.2.3.4/x", "1.2.3.4/-1", "1.2.3.4/032", "::/0"}) {
    EXPECT_FALSE(cidr_contains(bad, "1.2.3.4")) << bad;
  }
}

TEST(RequestRule, NeedsOneSoundHostOfOurs) {
  const AccessPolicy access = policy();
  EXPECT_EQ(status(access.refuse_host(request({{"host", "localhost:7420"}}), kLocal)), 0);
  EXPECT_EQ(status(access.refuse_host(request({{"host", "evil.example"}}), kLocal)), 403);
  EXPECT_EQ(status(access.refuse_host(request({{"host", "a b"}}), kLocal)), 400);
  EXPECT_EQ(status(access.refuse_host(request({}), kLocal)), 400);
  EXPECT_EQ(status(access.refuse_host(
                request({{"host", "localhost:7420"}, {"host", "localhost:7420"}}), kLocal)),
            400);
  HttpRequest old = request({});
  old.http11 = false;
  EXPECT_EQ(status(access.refuse_host(old, kLocal)), 0);
  EXPECT_EQ(status(access.refuse_host(request({{"host", "anything"}}), kUnix)), 0);
}

TEST(RequestRule, S_54_RefusesEachForwardedHeaderUnlessTrusted) {
  ServerConfig trusting = config_with_token();
  trusting.trust_forwarded = true;
  trusting.trusted_peers = {"192.168.0.0/16"};
  for (const char* name : {"forwarded", "x-forwarded-for", "x-real-ip", "x-client-ip",
                           "cf-connecting-ip", "true-client-ip"}) {
    const auto forwarded = request({{"host", "localhost:7420"}, {name, "10.0.0.5"}});
    EXPECT_EQ(status(policy().refuse_peer(forwarded, kLocal)), 403) << name;
    EXPECT_EQ(status(policy().refuse_peer(forwarded, kUnix)), 403) << name;
    EXPECT_EQ(status(policy(trusting).refuse_peer(forwarded, kLocal)), 0) << name;
    EXPECT_EQ(status(policy(trusting).refuse_peer(forwarded, {false, "10.0.0.5"})), 403) << name;
  }
}

TEST(TokenRule, TakesBearerOrCookie) {
  const AccessPolicy access = policy();
  const auto credential = [&](std::vector<std::pair<std::string, std::string>> headers) {
    return access.authenticate(request(std::move(headers)), kLocal);
  };
  EXPECT_EQ(credential({}), Credential::none);
  EXPECT_EQ(credential({{"authorization", "Bearer s3cret;token"}}), Credential::bearer);
  EXPECT_EQ(credential({{"authorization", "bearer  s3cret;token "}}), Credential::bearer);
  for (const char* wrong :
       {"Bearer s3cret;tokeN", "Bearer s3cret", "Bearer s3cret;tokens3cret;token", "Bearer ",
        "Bearer", "Basic s3cret;token", "s3cret;token", ""}) {
    EXPECT_EQ(credential({{"authorization", wrong}}), Credential::wrong) << wrong;
  }
  EXPECT_EQ(credential({{"cookie", "a=b; snapboard_7420=s3cret%3Btoken; c=d"}}),
            Credential::cookie);
  EXPECT_EQ(
      credential({{"cookie", "snapboard_7420=old"}, {"cookie", "snapboard_7420=s3cret%3Btoken"}}),
      Credential::cookie);
  EXPECT_EQ(credential({{"cookie", "snapboard_7421=s3cret%3Btoken"}}), Credential::none);
  EXPECT_EQ(credential({{"cookie", "xsnapboard_7420=s3cret%3Btoken"}}), Credential::none);
  EXPECT_EQ(credential({{"cookie", "snapboard_7420=%"}}), Credential::wrong);
  EXPECT_EQ(access.authenticate(request({}), kUnix), Credential::not_needed);
  ServerConfig open;
  open.auth = AuthMode::none;
  EXPECT_EQ(policy(open).authenticate(request({}), kLocal), Credential::not_needed);
}

TEST(TokenRule, ComparesWholeTexts) {
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("ab", "abc"));
  EXPECT_FALSE(constant_time_equal("abcabc", "abc"));
  EXPECT_FALSE(constant_time_equal("abd", "abc"));
  EXPECT_FALSE(constant_time_equal("", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", ""));
  EXPECT_FALSE(policy(ServerConfig{}).token_matches(""));
}

TEST(ApiRule, KeepsOtherSitesOut) {
  const AccessPolicy access = policy();
  const std::string token = "Bearer s3cret;token";
  const std::string cookie = "snapboard_7420=s3cret%3Btoken";
  const auto answer = [&](const std::string& method,
                          std::vector<std::pair<std::string, std::string>> headers) {
    return status(access.refuse_api(request(std::move(headers), method), kLocal));
  };
  EXPECT_EQ(answer("GET", {}), 401);
  EXPECT_EQ(answer("GET", {{"authorization", token}}), 0);
  EXPECT_EQ(answer("GET", {{"cookie", cookie}}), 0);
  EXPECT_EQ(answer("GET", {{"cookie", cookie}, {"origin", "https://evil.example"}}), 403);
  EXPECT_EQ(answer("GET", {{"authorization", token}, {"origin", "null"}}), 403);
  EXPECT_EQ(answer("POST", {{"authorization", token}}), 0);
  EXPECT_EQ(answer("POST", {{"authorization", token}, {"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(answer("POST", {{"cookie", cookie}}), 403);
  EXPECT_EQ(answer("POST", {{"cookie", cookie}, {"origin", "http://localhost:7420"}}), 0);
  EXPECT_EQ(answer("POST", {{"cookie", cookie}, {"sec-fetch-site", "same-origin"}}), 0);
  EXPECT_EQ(answer("POST", {{"cookie", cookie}, {"sec-fetch-site", "same-site"}}), 403);
  EXPECT_EQ(answer("DELETE", {{"cookie", cookie}, {"sec-fetch-site", "cross-site"}}), 403);
}

TEST(ApiRule, KeepsOtherSitesOutWithoutATokenToo) {
  ServerConfig open;
  open.auth = AuthMode::none;
  const AccessPolicy access = policy(open);
  const auto answer = [&](std::vector<std::pair<std::string, std::string>> headers) {
    return status(access.refuse_api(request(std::move(headers), "POST"), kLocal));
  };
  EXPECT_EQ(answer({}), 0);
  EXPECT_EQ(answer({{"origin", "https://evil.example"}}), 403);
  EXPECT_EQ(answer({{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(answer({{"origin", "http://127.0.0.1:7420"}}), 0);
}

TEST(UpgradeRule, NeedsAnAllowedOriginOrABearer) {
  const AccessPolicy access = policy();
  const auto answer = [&](std::vector<std::pair<std::string, std::string>> headers,
                          const Peer& peer = kLocal) {
    return status(access.refuse_upgrade(request(std::move(headers)), peer));
  };
  EXPECT_EQ(answer({}), 400);
  EXPECT_EQ(answer({{"cookie", "snapboard_7420=s3cret%3Btoken"}}), 400);
  EXPECT_EQ(answer({{"authorization", "Basic x"}}), 400);
  EXPECT_EQ(answer({{"authorization", "Bearer whatever"}}), 0);  // judged later, by a close code
  EXPECT_EQ(answer({}, kUnix), 0);
  EXPECT_EQ(answer({{"origin", "https://evil.example"}}), 400);
  EXPECT_EQ(answer({{"origin", "https://evil.example"}}, kUnix), 400);
  EXPECT_EQ(answer({{"origin", "http://localhost:7420"}}), 0);
  EXPECT_EQ(answer({{"origin", "http://localhost:7420"}, {"origin", "http://localhost:7420"}}),
            400);
}

TEST(TokenExchange, SetsAScopedCookieAndHidesTheToken) {
  const AccessPolicy access = policy();
  HttpRequest visit = request({});
  visit.target = "/?a=1&token=s3cret%3Btoken";
  const HttpResponse good = access.exchange_token(visit, *parse_target(visit.target));
  EXPECT_EQ(good.status, 303);
  std::string headers;
  for (const auto& [name, value] : good.headers) headers += name + "=" + value + "\n";
  EXPECT_NE(headers.find("Location=/?a=1\n"), std::string::npos) << headers;
  EXPECT_NE(headers.find("Set-Cookie=snapboard_7420=s3cret%3Btoken; Path=/; HttpOnly; "
                         "SameSite=Strict\n"),
            std::string::npos)
      << headers;
  visit.target = "/?token=wrong";
  EXPECT_EQ(access.exchange_token(visit, *parse_target(visit.target)).status, 401);
}

}  // namespace
}  // namespace sb::transport
