// The access rules (protocol, section 1; contract, section 16) over the wire: every kind of route
// against everything that must be refused, and upgrades in the order of their checks.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http_answers.h"
#include "router.h"
#include "test_server.h"
#include "url.h"

namespace sb::transport {
namespace {

/// What a route gives away, and so what it asks for.
enum class Guard {
  open,     ///< probes and the page: no token
  data,     ///< reads
  command,  ///< whatever changes something
  webhook,  ///< proves itself by a signature
};

struct Way {
  const char* method;
  const char* target;
  Guard guard;
};

const std::vector<Way> kWays{
    {"GET", "/healthz", Guard::open},
    {"GET", "/readyz", Guard::open},
    {"GET", "/", Guard::open},
    {"GET", "/assets/app-1a2b.js", Guard::open},
    {"GET", "/metrics", Guard::data},
    {"GET", "/openapi.json", Guard::data},
    {"GET", "/api/projects", Guard::data},
    {"HEAD", "/api/projects", Guard::data},
    {"GET", "/api/projects/p1/snapshot", Guard::data},
    {"GET", "/api/projects/p1/changes", Guard::data},
    {"GET", "/api/projects/p1/archived", Guard::data},
    {"GET", "/api/workspaces/w1", Guard::data},
    {"GET", "/api/workspaces/w1/explain", Guard::data},
    {"GET", "/api/workspaces/w1/history", Guard::data},
    {"GET", "/api/workspaces/w1/setup/output", Guard::data},
    {"GET", "/api/workspaces/w1/run-script/output", Guard::data},
    {"GET", "/api/workspaces/w1/fixer/output", Guard::data},
    {"GET", "/trpc/workspace.listForProject", Guard::data},
    {"GET", "/api/trpc/workspace.listForProject", Guard::data},
    {"GET", "/snapshot?projectId=p1", Guard::data},
    {"GET", "/snapshots?projectId=p1", Guard::data},
    {"GET", "/sync", Guard::data},
    {"GET", "/api/nothing", Guard::data},
    {"POST", "/api/projects", Guard::command},
    {"DELETE", "/api/projects/p1", Guard::command},
    {"POST", "/api/projects/p1/reconcile", Guard::command},
    {"POST", "/api/projects/p1/workspaces", Guard::command},
    {"POST", "/api/workspaces/w1/rename", Guard::command},
    {"POST", "/api/workspaces/w1/retry", Guard::command},
    {"POST", "/api/workspaces/w1/archive", Guard::command},
    {"POST", "/api/workspaces/w1/unarchive", Guard::command},
    {"DELETE", "/api/workspaces/w1", Guard::command},
    {"POST", "/api/workspaces/w1/run-script", Guard::command},
    {"POST", "/api/workspaces/w1/ratchet", Guard::command},
    {"POST", "/api/workspaces/w1/pr/refresh", Guard::command},
    {"PUT", "/api/terminals/t1", Guard::command},
    {"POST", "/api/events", Guard::command},
    {"POST", "/hooks/claude", Guard::command},
    {"POST", "/webhooks/github", Guard::webhook},
};

TEST(ServerRefusals, HaveARowForEveryRoute) {
  for (const std::string& name : Router::route_names()) {
    const auto space = name.find(' ');
    const auto pattern = parse_target(name.substr(space + 1));
    ASSERT_TRUE(pattern) << name;
    const auto covers = [&](const Way& way) {
      const auto target = parse_target(way.target);
      return name.substr(0, space) == way.method &&
             std::equal(
                 pattern->segments.begin(), pattern->segments.end(), target->segments.begin(),
                 target->segments.end(),
                 [](const std::string& a, const std::string& b) { return a == "{}" || a == b; });
    };
    EXPECT_TRUE(std::any_of(kWays.begin(), kWays.end(), covers)) << name;
  }
}

constexpr int kPasses = 0;  // not refused; what is answered then is the business of the route

/// What is wrong with a request, and the refusal by guard: open, data, command, webhook.
struct Attack {
  const char* what;
  std::string headers;
  int open;
  int data;
  int command;
  int webhook;
  [[nodiscard]] int expected(Guard guard) const {
    if (guard == Guard::open) return open;
    if (guard == Guard::data) return data;
    return guard == Guard::command ? command : webhook;
  }
};

std::vector<Attack> attacks(std::uint16_t port) {
  const std::string number = std::to_string(port);
  const std::string good = "Host: localhost:" + number + "\r\n";
  const std::string token = "Authorization: Bearer t0ken\r\n";
  const std::string cookie = "Cookie: snapboard_" + number + "=t0ken\r\n";
  std::vector<Attack> list{
      {"nothing", good + token, 0, 0, 0, 0},
      {"a cookie of our page",
       good + cookie + "Origin: http://localhost:" + number + "\r\nSec-Fetch-Site: same-origin\r\n",
       0, 0, 0, 0},
      {"no Host", token, 400, 400, 400, 400},
      {"two Hosts", good + good + token, 400, 400, 400, 400},
      {"a malformed Host", "Host: local host\r\n" + token, 400, 400, 400, 400},
      {"no token", good, 0, 401, 401, 0},
      {"a wrong token", good + "Authorization: Bearer t0kem\r\n", 0, 401, 401, 0},
      {"a token of another scheme", good + "Authorization: Basic t0ken\r\n", 0, 401, 401, 0},
      {"a wrong token beside our cookie", good + cookie + "Authorization: Bearer x\r\n", 0, 401,
       401, 0},
      {"the cookie of another port", good + "Cookie: snapboard_1=t0ken\r\n", 0, 401, 401, 0},
      {"a cookie without a word of the page", good + cookie, 0, 0, 403, 0},
      {"a cookie sent by another site", good + cookie + "Sec-Fetch-Site: cross-site\r\n", 0, 0, 403,
       0},
      {"a cookie sent by another port of this machine",
       good + cookie + "Sec-Fetch-Site: same-site\r\n", 0, 0, 403, 0},
  };
  for (const std::string& host :
       {std::string("evil.example"), std::string("evil.example:") + number,
        std::string("localhost"), std::string("localhost:1"), "localhost.evil.example:" + number,
        "10.0.0.5:" + number}) {
    // DNS rebinding: the name is theirs, the address behind it ours.
    list.push_back({"a foreign Host", "Host: " + host + "\r\n" + token, 403, 403, 403, 403});
  }
  for (const std::string& origin :
       {std::string("https://evil.example"), std::string("null"), "https://localhost:" + number,
        std::string("http://localhost:1"), "http://localhost:" + number + "/",
        "http://localhost:" + number + ".evil.example", "http://user@localhost:" + number,
        "http://localhost:" + number + "@evil.example"}) {
    const std::string header = "Origin: " + origin + "\r\n";
    list.push_back({"a foreign Origin with a token", good + token + header, 0, 403, 403, 0});
    list.push_back({"a foreign Origin with a cookie", good + cookie + header, 0, 403, 403, 0});
  }
  for (const char* name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "X-Client-IP",
                           "CF-Connecting-IP", "True-Client-IP"}) {
    list.push_back(
        {"a forwarded client", good + token + name + ": 10.0.0.5\r\n", 403, 403, 403, 403});
  }
  return list;
}

TEST(ServerRefusals, S_54_HoldForEveryKindOfRoute) {
  TestServer server;
  server.put("w1", "one");
  for (const Attack& attack : attacks(server.port)) {
    for (const Way& way : kWays) {
      SCOPED_TRACE(std::string(attack.what) + ": " + way.method + " " + way.target + "\n" +
                   attack.headers);
      if (attack.expected(way.guard) == kPasses && way.guard == Guard::command) continue;
      RawClient client = server.client();
      const bool head = std::string(way.method) == "HEAD";
      const RawResponse answer = client.request(
          std::string(way.method) + " " + way.target + " HTTP/1.1\r\n" + attack.headers + "\r\n",
          head);
      if (attack.expected(way.guard) == kPasses) {
        EXPECT_GE(answer.status, 200);
        EXPECT_NE(answer.status, 401);
        // A webhook without a signature is forbidden by its own rule.
        if (way.guard != Guard::webhook) {
          EXPECT_NE(answer.status, 403);
        }
        if (way.guard == Guard::open) {
          EXPECT_EQ(answer.status, 200);
        }
        continue;
      }
      EXPECT_EQ(answer.status, attack.expected(way.guard));
      EXPECT_EQ(answer.headers.count("access-control-allow-origin"), 0U);
      EXPECT_EQ(answer.headers.count("set-cookie"), 0U);
      if (!head) {
        EXPECT_EQ(answer.body.find("\"entries\""), std::string::npos);
      }
      if (!head) {
        code_of(answer);
      }
    }
  }
  server.on_loop([&] {
    EXPECT_TRUE(server.sinks.commands.empty());
    EXPECT_TRUE(server.sinks.submitted.empty());
    EXPECT_TRUE(server.terminals.reports.empty());
  });
}

TEST(ServerRefusals, LetPreflightsOfForeignOriginsLearnNothing) {
  TestServer server;
  const std::string own = "Origin: http://localhost:" + std::to_string(server.port) + "\r\n";
  const RawResponse ours = server.ask("OPTIONS", "/api/events", own);
  EXPECT_EQ(ours.status, 204);
  EXPECT_EQ(ours.headers.count("access-control-allow-origin"), 1U);
  const RawResponse theirs =
      server.ask("OPTIONS", "/api/events", "Origin: https://evil.example\r\n");
  EXPECT_EQ(theirs.headers.count("access-control-allow-origin"), 0U);
  EXPECT_EQ(theirs.headers.count("access-control-allow-methods"), 0U);
}

/// One of the checks of an upgrade, in their order.
enum Check : std::size_t { kReady, kPath, kOrigin, kForwarded, kQuery, kHandshake, kChecks };
constexpr int kStatusOf[kChecks] = {503, 404, 400, 403, 400, 400};
constexpr const char* kWordsOf[kChecks] = {"starting",  "No WebSocket",         "rigin",
                                           "Forwarded", "projectId is missing", "handshake"};

std::string broken_upgrade(const TestServer& server, std::size_t first, std::size_t second,
                           const std::string& foreign) {
  const auto broken = [&](Check check) { return first == check || second == check; };
  const std::string number = std::to_string(server.port);
  std::string target = broken(kPath) ? "/logs" : "/snapshots";
  if (!broken(kQuery)) target += "?projectId=p1";
  std::string text = "GET " + target + " HTTP/1.1\r\nHost: localhost:" + number +
                     "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nCookie: snapboard_" +
                     number + "=t0ken\r\n";
  text += broken(kHandshake) ? "Sec-WebSocket-Key: short\r\n"
                             : "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!broken(kOrigin)) {
    text += "Origin: http://localhost:" + number + "\r\n";
  } else {
    text += foreign;
  }
  if (broken(kForwarded)) text += "X-Real-IP: 10.0.0.5\r\n";
  return text + "\r\n";
}

TEST(ServerRefusals, S_54_OfUpgradesStandInTheOrderOfTheContract) {
  TestServer server;
  for (const char* foreign : {"", "Origin: https://evil.example\r\n"}) {
    for (std::size_t first = 0; first < kChecks; ++first) {
      for (std::size_t second = first; second < kChecks; ++second) {
        SCOPED_TRACE(std::to_string(first) + " and " + std::to_string(second) + foreign);
        server.on_loop([&] { server.sinks.is_ready = first != kReady; });
        RawClient client = server.client();
        const RawResponse answer = client.request(broken_upgrade(server, first, second, foreign));
        EXPECT_EQ(answer.status, kStatusOf[first]);
        EXPECT_NE(answer.body.find(kWordsOf[first]), std::string::npos) << answer.body;
        EXPECT_EQ(answer.headers.count("retry-after"), first == kReady ? 1U : 0U);
        EXPECT_TRUE(client.ends());
      }
    }
  }
  RawClient good = server.client();
  server.on_loop([&] { server.sinks.is_ready = true; });
  EXPECT_EQ(good.request(broken_upgrade(server, kChecks, kChecks, "")).status, 101);
}

TEST(ServerRefusals, S_54_OfUpgradesHoldOnEveryChannel) {
  TestServer server;
  for (const char* target : {"/snapshots?projectId=p1", "/snapshot?projectId=p1", "/sync"}) {
    for (const Attack& attack : attacks(server.port)) {
      SCOPED_TRACE(std::string(attack.what) + ": " + target + "\n" + attack.headers);
      RawClient client = server.client();
      const RawResponse answer = client.request(
          std::string("GET ") + target +
          " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
          attack.headers + "\r\n");
      const bool bearer = attack.headers.find("Authorization: Bearer") != std::string::npos;
      const bool origin = attack.headers.find("Origin:") != std::string::npos;
      if (attack.open != 0) {
        EXPECT_EQ(answer.status, attack.open);  // Host and forwarded headers
      } else if (origin ? attack.data == 403 : !bearer) {
        EXPECT_EQ(answer.status, 400);  // no Origin, or a foreign one
      } else {
        ASSERT_EQ(answer.status, 101);
        // A page cannot read a status: the token is answered by a close code.
        if (attack.data == 401) {
          EXPECT_EQ(client.close_code(), 4401);
        }
        continue;
      }
      EXPECT_TRUE(client.ends());
    }
  }
}

}  // namespace
}  // namespace sb::transport
