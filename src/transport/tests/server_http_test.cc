#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_answers.h"
#include "test_server.h"

namespace sb::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ServerReads, AnswerProbesWithoutAToken) {
  TestServer server;
  const std::string host = "Host: localhost:" + std::to_string(server.port) + "\r\n\r\n";
  RawClient client = server.client();
  EXPECT_EQ(client.request("GET /healthz HTTP/1.1\r\n" + host).status, 200);
  const RawResponse ready = client.request("GET /readyz HTTP/1.1\r\n" + host);
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, HasSubstr(R"("ready":true)"));
  EXPECT_THAT(ready.body, HasSubstr(R"({"name":"git","state":"degraded","lastOkAgeMs":40)"));
  EXPECT_THAT(ready.body, HasSubstr(R"("degraded":1,"evicted":0,"evictions":0)"));
  EXPECT_EQ(client.request("GET /api/projects HTTP/1.1\r\n" + host).status, 401);
}

TEST(ServerReads, S_45_AnswerNothingButProbesBeforeReady) {
  TestServer server;
  server.on_loop([&] { server.sinks.is_ready = false; });
  EXPECT_EQ(server.ask("GET", "/healthz").status, 200);
  for (const char* path :
       {"/readyz", "/api/projects", "/api/projects/p1/snapshot", "/api/workspaces/w1"}) {
    const RawResponse response = server.ask("GET", path);
    EXPECT_EQ(response.status, 503) << path;
    EXPECT_EQ(response.headers.at("retry-after"), "1");
    EXPECT_EQ(code_of(response), "unavailable");
  }
  const RawResponse refused =
      server.client().request(server.page_upgrade("/snapshots?projectId=p1"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_THAT(server.ask("GET", "/readyz").body, HasSubstr(R"("ready":false)"));
}

TEST(ServerReads, ListProjectsAndWorkspaces) {
  TestServer server;
  server.put("w1", "first \"x\"");
  const RawResponse projects = server.ask("GET", "/api/projects");
  EXPECT_EQ(projects.status, 200);
  EXPECT_EQ(projects.headers.at("content-type"), "application/json");
  EXPECT_EQ(projects.body,
            R"([{"id":"p1","name":"one","repoPath":"/repo/one","defaultBranch":null,)"
            R"("workspaceCount":1,"external":false,"problem":null,"createdAt":null}])");
  const RawResponse workspace = server.ask("GET", "/api/workspaces/w1");
  EXPECT_EQ(workspace.status, 200);
  EXPECT_THAT(workspace.body, StartsWith(R"({"entry":{)"));
  EXPECT_THAT(workspace.body, HasSubstr(R"("name":"first \"x\"")"));
  EXPECT_THAT(workspace.body, HasSubstr(R"("epoch":"epoch-1","revision":)"));
  EXPECT_EQ(code_of(server.ask("GET", "/api/workspaces/none")), "not_found");
  EXPECT_EQ(server.ask("GET", "/api/workspaces/none").status, 404);
}

TEST(ServerReads, TakeAnEscapedSlashForPartOfASegment) {
  TestServer server;
  server.put("a/b", "first");
  EXPECT_EQ(server.ask("GET", "/api/workspaces/a%2Fb").status, 200);
  for (const char* path :
       {"/api%2Fprojects", "/api/workspaces%2F%7B%7D/explain", "/api/workspaces%2Fa%2Fb",
        "/api/workspaces/", "/api/workspaces//explain", "/api/project", "/api/projectss",
        "/api/projects/p1/snapshot/"}) {
    EXPECT_EQ(server.ask("GET", path).status, 404) << path;
  }
}

TEST(ServerReads, TellWhyAnEntryLooksAsItDoesAndHowItCameThere) {
  TestServer server;
  server.put("w1", "first");
  for (const char* read : {"explain", "history"}) {
    const std::string path = std::string("/api/workspaces/w1/") + read;
    const RawResponse answer = server.ask("GET", path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
    EXPECT_THAT(answer.body, StartsWith(R"({"workspaceId":"w1")"));
    EXPECT_EQ(server.ask("GET", std::string("/api/workspaces/none/") + read).status, 404);
    EXPECT_EQ(server.ask("POST", path).status, 405);
  }
}

TEST(ServerReads, ServeTheSnapshotWithAnEtag) {
  TestServer server;
  server.put("w1", "one");
  const RawResponse first = server.ask("GET", "/api/projects/p1/snapshot");
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(first.body, StartsWith(R"({"projectId":"p1","epoch":"epoch-1","revision":)"));
  EXPECT_THAT(first.body, HasSubstr(R"("cursor":")"));
  EXPECT_THAT(first.body, HasSubstr(R"("sources":[{"name":"git")"));
  EXPECT_THAT(first.body, HasSubstr(R"("lastReconciliationAt":"2026-01-02T03:04:05.006Z",)"
                                    R"("eventsSinceLastReconciliation":7,)"
                                    R"("lastReconciliationDrift":8})"));
  EXPECT_THAT(first.body, Not(HasSubstr("reviewCount")));
  const std::string etag = first.headers.at("etag");
  const std::string condition = "If-None-Match: " + etag + "\r\n";
  const RawResponse same = server.ask("GET", "/api/projects/p1/snapshot", condition);
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.headers.at("etag"), etag);
  server.put("w1", "two");
  EXPECT_EQ(server.ask("GET", "/api/projects/p1/snapshot", condition).status, 200);
  server.on_loop([&] { server.store.set_review_count(3); });
  const RawResponse counted = server.ask("GET", "/api/projects/p1/snapshot");
  EXPECT_NE(counted.headers.at("etag"), etag);
  EXPECT_THAT(counted.body, HasSubstr(R"("reviewCount":3,)"));
  EXPECT_EQ(server.ask("GET", "/api/projects/none/snapshot").status, 404);
}

// As many revisions as before, and nothing shown, but another project.
TEST(ServerReads, AProjectThatIsThereAgainHasAnotherTag) {
  TestServer server;
  const auto tag = [&] {
    return server.ask("GET", "/api/projects/p2/snapshot").headers.at("etag");
  };
  server.on_loop([&] { server.put_project("p2", "two"); });
  server.put("w1", "one", "p2");
  server.on_loop([&] { server.store.set_review_count(3); });
  const std::string before = tag();
  server.on_loop([&] {
    const auto info = *server.store.project(model::ProjectId("p2"));
    server.store.remove_project(info.id);
    EXPECT_TRUE(server.store.put_project(info));
  });
  EXPECT_NE(tag(), before);
}

TEST(ServerReads, AWaitEndsWithItsEpoch) {
  snapshot::Limits limits;
  limits.revision_max = 5;
  TestServer server(TestServer::default_config(), limits);
  server.put("w1", "one");
  RawClient waiting = server.client();
  waiting.send(server.request(
      "GET", "/api/projects/p1/snapshot?epoch=epoch-1&waitMs=20000&minRevision=5000"));
  ASSERT_EQ(server.ask("GET", "/healthz").status, 200);  // it waits
  for (int i = 0; i < 10; ++i) server.put("w1", "n" + std::to_string(i));
  EXPECT_EQ(waiting.response().status, 410);
}

TEST(ServerReads, WaitForARevision) {
  TestServer server;
  server.put("w1", "one");
  std::uint64_t head = 0;
  server.on_loop([&] { head = server.store.head(); });
  const auto target = [&](std::uint64_t revision, const std::string& rest) {
    return "/api/projects/p1/snapshot?minRevision=" + std::to_string(revision) + rest;
  };
  EXPECT_EQ(server.ask("GET", target(head, "&epoch=epoch-1")).status, 200);
  EXPECT_EQ(server.ask("GET", target(head + 1, "&epoch=epoch-1")).status, 504);
  EXPECT_EQ(code_of(server.ask("GET", target(head + 1, "&epoch=epoch-1&waitMs=1"))), "timeout");
  const RawResponse over = server.ask("GET", target(head, "&epoch=other"));
  EXPECT_EQ(over.status, 410);
  EXPECT_EQ(over.headers.at("cache-control"), "no-store");
  EXPECT_THAT(over.body, HasSubstr(R"("reason":"epoch")"));
  EXPECT_EQ(server.ask("GET", target(head, "")).status, 400);
  EXPECT_EQ(server.ask("GET", target(head, "x&epoch=epoch-1")).status, 400);
  EXPECT_EQ(server.ask("GET", target(head, "&epoch=epoch-1&waitMs=-1")).status, 400);
  RawClient waiting = server.client();
  waiting.send(server.request("GET", target(head + 1, "&epoch=epoch-1&waitMs=20000")));
  server.put("w1", "two");
  const RawResponse reached = waiting.response();
  EXPECT_EQ(reached.status, 200);
  EXPECT_THAT(reached.body, HasSubstr(R"("name":"two")"));
}

TEST(ServerReads, AnswerHeadWithoutABody) {
  TestServer server;
  RawClient client = server.client();
  for (const char* path : {"/healthz", "/api/projects", "/metrics", "/", "/api/none"}) {
    const RawResponse head = client.request(server.request("HEAD", path), true);
    const RawResponse get = client.request(server.request("GET", path));
    EXPECT_EQ(head.status, get.status) << path;
    if (std::string_view(path) != "/metrics") {
      EXPECT_EQ(head.headers.at("content-length"), get.headers.at("content-length")) << path;
    }
    EXPECT_EQ(head.headers.at("content-type"), get.headers.at("content-type")) << path;
  }
}

TEST(ServerReads, ShowMetrics) {
  TestServer server;
  const RawResponse response = server.ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers.at("content-type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(response.body, HasSubstr("snapboard_http_requests_total"));
}

TEST(ServerPages, AreServedWithoutATokenAndWithStrictHeaders) {
  TestServer server;
  const std::string host = "Host: localhost:" + std::to_string(server.port) + "\r\n";
  RawClient client = server.client();
  const RawResponse index = client.request("GET / HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.body, "<p>board</p>");
  EXPECT_EQ(index.headers.at("cache-control"), "no-cache");
  EXPECT_EQ(index.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(index.headers.at("referrer-policy"), "no-referrer");
  EXPECT_THAT(index.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(index.headers.at("content-security-policy"), Not(HasSubstr("unsafe")));
  const RawResponse same =
      client.request("GET / HTTP/1.1\r\n" + host + "If-None-Match: \"i1\"\r\n\r\n");
  EXPECT_EQ(same.status, 304);
  const RawResponse script = client.request("GET /assets/app-1a2b.js HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(script.status, 200);
  EXPECT_THAT(script.headers.at("cache-control"), HasSubstr("immutable"));
  const RawResponse route =
      client.request("GET /board/w1 HTTP/1.1\r\n" + host + "Accept: text/html,*/*\r\n\r\n");
  EXPECT_EQ(route.body, "<p>board</p>");
  const RawResponse missing = client.request("GET /nothing.js HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(code_of(missing), "not_found");
  const RawResponse api =
      client.request("GET /api/none HTTP/1.1\r\n" + host +
                     "Authorization: Bearer t0ken\r\nAccept: text/html\r\n\r\n");
  EXPECT_EQ(api.status, 404);
  EXPECT_EQ(client.request("POST / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n")
                .headers.at("allow"),
            "GET, HEAD");
}

TEST(ServerPages, ExchangeTheTokenForACookie) {
  TestServer server;
  const std::string number = std::to_string(server.port);
  const std::string host = "Host: localhost:" + number + "\r\n";
  RawClient client = server.client();
  const RawResponse visit =
      client.request("GET /?view=list&token=t0ken HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(visit.status, 303);
  EXPECT_EQ(visit.headers.at("location"), "/?view=list");
  EXPECT_EQ(visit.headers.at("set-cookie"),
            "snapboard_" + number + "=t0ken; Path=/; HttpOnly; SameSite=Strict");
  const std::string cookie = "Cookie: snapboard_" + number + "=t0ken\r\n";
  EXPECT_EQ(client.request("GET /api/projects HTTP/1.1\r\n" + host + cookie + "\r\n").status, 200);
  EXPECT_EQ(client.request("GET /?token=wrong HTTP/1.1\r\n" + host + "\r\n").status, 401);
}

TEST(ServerRoutes, NameTheMethodsTheyKnow) {
  TestServer server;
  const std::vector<std::tuple<const char*, const char*, int, const char*>> cases{
      {"DELETE", "/api/projects", 405, "GET, HEAD, POST"},
      {"GET", "/api/projects/p1", 405, "DELETE"},
      {"PUT", "/api/events", 405, "POST"},
      {"GET", "/api/events", 405, "POST"},
      {"BREW", "/api/workspaces/w1", 405, "GET, HEAD, DELETE"},
      {"POST", "/metrics", 405, "GET, HEAD"},
      {"POST", "/healthz", 405, "GET, HEAD"},
      {"GET", "/api", 404, nullptr},
      {"GET", "/api/", 404, nullptr},
      {"GET", "/api/projects/", 404, nullptr},
      {"GET", "/api/projects//snapshot", 404, nullptr},
      {"POST", "/nothing", 404, nullptr},
  };
  for (const auto& [method, path, status, allow] : cases) {
    const RawResponse response = server.ask(method, path);
    EXPECT_EQ(response.status, status) << method << " " << path;
    EXPECT_EQ(code_of(response), status == 405 ? "unsupported" : "not_found");
    if (allow != nullptr) {
      EXPECT_EQ(response.headers.at("allow"), allow) << method << " " << path;
    }
  }
  const RawResponse plain = server.ask("GET", "/snapshots?projectId=p1");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.headers.at("upgrade"), "websocket");
}

TEST(ServerRoutes, LetAllowedPagesOfOtherPortsRead) {
  ServerConfig config = TestServer::default_config();
  config.allow_origins = {"http://localhost:3000"};
  TestServer server(config);
  const std::string origin = "Origin: http://127.0.0.1:3000\r\n";
  const RawResponse preflight = server.ask("OPTIONS", "/api/events", origin);
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.at("access-control-allow-origin"), "http://127.0.0.1:3000");
  EXPECT_EQ(preflight.headers.at("access-control-allow-methods"), "POST");
  EXPECT_EQ(preflight.headers.at("access-control-allow-headers"),
            "Authorization, Content-Type, If-None-Match, Last-Event-ID, Trpc-Accept");
  const RawResponse read = server.ask("GET", "/api/projects", origin);
  EXPECT_EQ(read.headers.at("access-control-allow-origin"), "http://127.0.0.1:3000");
  const RawResponse foreign = server.ask("GET", "/api/projects", "Origin: http://evil.example\r\n");
  EXPECT_EQ(foreign.status, 403);
  EXPECT_EQ(code_of(foreign), "forbidden");
  EXPECT_EQ(foreign.headers.count("access-control-allow-origin"), 0U);
}

TEST(ServerEvents, TakeOneEvent) {
  TestServer server;
  const RawResponse response = server.ask("POST", "/api/events", kSingle, event("e1"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"epoch":"epoch-1","revision":77,"accepted":1,"duplicates":0,"stale":0,"rejected":[]})");
  server.on_loop([&] {
    ASSERT_EQ(server.sinks.submitted.size(), 1U);
    EXPECT_EQ(server.sinks.submitted[0].type(), "ratchet.toggled");
  });
}

TEST(ServerEvents, RejectOneEventAsAProblem) {
  TestServer server;
  const RawResponse wrong =
      server.ask("POST", "/api/events", kSingle, event("e1", R"({"enabled":3})"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(code_of(wrong), "invalid_argument");
  EXPECT_THAT(wrong.body, HasSubstr(R"("path":"$.data.enabled")"));
  EXPECT_EQ(server.ask("POST", "/api/events", kSingle, "{\"a\":").status, 400);
  using Kind = EventVerdict::Kind;
  server.on_loop([&] {
    server.sinks.verdicts = {{Kind::rejected, {ErrorCode::conflict, "owned", "$.data"}},
                             {Kind::rejected, {ErrorCode::not_found, "absent", "$.subject"}},
                             {Kind::duplicate, {}}};
  });
  const RawResponse conflict = server.ask("POST", "/api/events", kSingle, event("e2"));
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(code_of(conflict), "conflict");
  const RawResponse absent = server.ask("POST", "/api/events", kSingle, event("e3"));
  EXPECT_EQ(absent.status, 400);
  EXPECT_EQ(code_of(absent), "not_found");
  const RawResponse again = server.ask("POST", "/api/events", kSingle, event("e4"));
  EXPECT_EQ(again.status, 200);
  EXPECT_THAT(again.body, HasSubstr(R"("duplicates":1)"));
}

TEST(ServerEvents, KeepBadEventsOfABatchApart) {
  TestServer server;
  using Kind = EventVerdict::Kind;
  const auto arm = [&] {
    server.on_loop([&] {
      server.sinks.verdicts = {{Kind::accepted, {}},
                               {Kind::stale, {}},
                               {Kind::rejected, {ErrorCode::conflict, "owned", "$.data"}},
                               {Kind::duplicate, {}}};
    });
  };
  const std::string expected = R"("accepted":1,"duplicates":1,"stale":1,"rejected":[)"
                               R"({"index":1,"id":"bad","code":"invalid_argument")";
  const std::vector<std::string> events{event("a"), event("bad", "{}"), event("b"), event("c"),
                                        "17",       event("d")};
  std::string batch;
  std::string lines;
  for (const std::string& text : events) {
    batch += (batch.empty() ? "[" : ",") + text;
    lines += text + "\r\n \n";
  }
  arm();
  const RawResponse of_batch = server.ask("POST", "/api/events", kBatch, batch + "]");
  EXPECT_EQ(of_batch.status, 200);
  EXPECT_THAT(of_batch.body, HasSubstr(expected));
  EXPECT_THAT(of_batch.body,
              HasSubstr(R"({"index":3,"id":"c","code":"conflict","message":"owned")"));
  EXPECT_THAT(of_batch.body, HasSubstr(R"({"index":4,"id":null)"));
  arm();
  const RawResponse of_lines = server.ask("POST", "/api/events", kLines, lines);
  EXPECT_EQ(of_lines.body, of_batch.body);
  const RawResponse broken = server.ask("POST", "/api/events", kLines, "{\n" + event("e") + "\n");
  EXPECT_THAT(broken.body, HasSubstr(R"("accepted":1)"));
  EXPECT_THAT(broken.body, HasSubstr(R"({"index":0,"id":null,"code":"invalid_argument")"));
  EXPECT_EQ(server.ask("POST", "/api/events", kBatch, "[]").status, 200);
  EXPECT_EQ(server.ask("POST", "/api/events", kBatch, "{}").status, 400);
  EXPECT_EQ(server.ask("POST", "/api/events", kBatch, "[" + event("a")).status, 400);
}

TEST(ServerEvents, RefuseWhatIsNotAnEventBody) {
  TestServer server;
  for (const char* type :
       {"", "Content-Type: application/json\r\n", "Content-Type: text/plain\r\n",
        "Content-Type: application/cloudevents+json; charset=latin1\r\n",
        "Content-Type: application/cloudevents+json\r\nContent-Encoding: gzip\r\n"}) {
    const RawResponse response = server.ask("POST", "/api/events", type, event("a"));
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(code_of(response), "unsupported");
  }
  const RawResponse huge = server.ask("POST", "/api/events", kSingle, std::string(2U << 20U, ' '));
  EXPECT_EQ(huge.status, 413);
  EXPECT_EQ(code_of(huge), "limit_exceeded");
  EXPECT_EQ(huge.headers.at("connection"), "close");
  server.on_loop([&] { EXPECT_TRUE(server.sinks.submitted.empty()); });
}

TEST(ServerEvents, PassOnThatTheQueueIsFull) {
  TestServer server;
  server.on_loop([&] { server.sinks.refuse_all = Error{ErrorCode::limit_exceeded, "full", {}}; });
  const RawResponse full = server.ask("POST", "/api/events", kSingle, event("a"));
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.headers.at("retry-after"), "1");
  server.on_loop([&] { server.sinks.refuse_all = Error{ErrorCode::unavailable, "disk", {}}; });
  EXPECT_EQ(server.ask("POST", "/api/events", kSingle, event("a")).status, 503);
}

TEST(ServerEvents, AnswerWhenTheyAreDurable) {
  TestServer server;
  server.on_loop([&] { server.sinks.hold = true; });
  RawClient waiting = server.client();
  waiting.send(server.request("POST", "/api/events", kSingle, event("a")) +
               server.request("GET", "/healthz"));
  {
    RawClient gone = server.client();  // leaves before its answer
    gone.send(server.request("POST", "/api/events", kSingle, event("b")));
    EXPECT_EQ(server.ask("GET", "/healthz").status, 200);
  }
  const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
  std::size_t held = 0;
  while (held < 2 && std::chrono::steady_clock::now() < deadline) {
    server.on_loop([&] { held = server.sinks.held.size(); });
  }
  ASSERT_EQ(held, 2U);
  server.on_loop([&] {
    for (const auto& answer : std::exchange(server.sinks.held, {})) answer();
  });
  EXPECT_EQ(waiting.response().status, 200);
  EXPECT_EQ(waiting.response().body, R"({"status":"ok"})");  // the pipelined one, in order
}

TEST(ServerCommands, ReachTheirSink) {
  TestServer server;
  const std::string json = "Content-Type: application/json\r\n";
  const RawResponse created =
      server.ask("POST", "/api/projects", json, R"({"repoPath":"/new","name":"n"})");
  EXPECT_EQ(created.status, 201);
  EXPECT_THAT(created.body, StartsWith(R"({"project":{"id":"p1","name":"one","repoPath":"/new")"));
  EXPECT_THAT(created.body, HasSubstr(R"("created":true,"epoch":"epoch-1","revision":5})"));
  EXPECT_EQ(server.ask("POST", "/api/projects", json, R"({"repoPath":"/old"})").status, 200);
  const RawResponse missing = server.ask("POST", "/api/projects", json, "{}");
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(missing.body, HasSubstr(R"("path":"$.repoPath")"));
  EXPECT_EQ(server.ask("POST", "/api/projects", json, "nonsense").status, 400);
  EXPECT_EQ(server.ask("POST", "/api/projects", kSingle, "{}").status, 415);
  EXPECT_EQ(server.ask("POST", "/api/projects/p1/reconcile").body,
            R"({"epoch":"epoch-1","revision":6})");
  EXPECT_EQ(server.ask("DELETE", "/api/projects/p1").status, 200);
  EXPECT_EQ(server.ask("DELETE", "/api/projects/a%2Fb").status, 404);
  server.on_loop([&] {
    EXPECT_THAT(server.sinks.commands,
                ::testing::ElementsAre("register /new n", "register /old -", "reconcile p1",
                                       "remove p1", "remove a/b"));
    server.sinks.refuse_all = Error{ErrorCode::invalid_argument, "not a repository", "$.repoPath"};
  });
  const RawResponse refused = server.ask("POST", "/api/projects", json, R"({"repoPath":"/x"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("not a repository"));
}

TEST(ServerCommands, FromAPageNeedAnAllowedOrigin) {
  TestServer server;
  const std::string number = std::to_string(server.port);
  const std::string head = "POST /api/projects/p1/reconcile HTTP/1.1\r\nHost: localhost:" + number +
                           "\r\nContent-Length: 0\r\nCookie: snapboard_" + number + "=t0ken\r\n";
  RawClient client = server.client();
  EXPECT_EQ(client.request(head + "\r\n").status, 403);
  EXPECT_EQ(client.request(head + "Origin: http://evil.example\r\n\r\n").status, 403);
  EXPECT_EQ(client.request(head + "Origin: http://localhost:" + number + "\r\n\r\n").status, 200);
  EXPECT_EQ(client.request(head + "Sec-Fetch-Site: same-origin\r\n\r\n").status, 200);
  server.on_loop([&] { EXPECT_EQ(server.sinks.commands.size(), 2U); });
}

}  // namespace
}  // namespace sb::transport
