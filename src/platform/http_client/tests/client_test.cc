#include "sb/http_client/client.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "sb/testing/http_server.h"

namespace sb::http_client {
namespace {

using sb::testing::HttpServer;
using sb::testing::ServedAnswer;
using sb::testing::ServedRequest;
using namespace std::chrono_literals;

Request get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

TEST(HttpClient, AnAnswerComesWithStatusHeadersAndBody) {
  const HttpServer server([](const ServedRequest& request) {
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/a?b=c");
    EXPECT_EQ(request.headers.at("x-one"), "1");
    return ServedAnswer{404, {{"X-Answer", " two "}, {"ETag", "\"e\""}}, "not here"};
  });
  Client client;
  Request request = get(server.url() + "/a?b=c");
  request.headers = {{"X-One", "1"}};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404) << "a status is an answer, not an error";
  EXPECT_EQ(answer->header("x-answer"), "two");
  EXPECT_EQ(answer->header("etag"), "\"e\"");
  EXPECT_EQ(answer->header("absent"), std::nullopt);
  EXPECT_EQ(answer->body, "not here");
}

TEST(HttpClient, APostSendsItsBytesAndConnectionsAreKept) {
  std::string got;
  const HttpServer server([&](const ServedRequest& request) {
    EXPECT_EQ(request.method, "POST");
    got = request.body;
    return ServedAnswer{};
  });
  Client client;
  Request request = get(server.url() + "/graphql");
  request.method = "POST";
  request.body = std::string("a\0b", 3) + std::string(100'000, 'x');
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(got, request.body);
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, AHangingServerIsATimeoutAndTheNextRequestWorks) {
  bool hang = true;
  const HttpServer server([&](const ServedRequest&) {
    ServedAnswer answer;
    answer.hang = std::exchange(hang, false);
    return answer;
  });
  Client client;
  Request request = get(server.url());
  request.timeout = 200ms;
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout) << answer.error().message;
  request.timeout = 20s;
  EXPECT_TRUE(client.send(request));
}

TEST(HttpClient, AnAnswerBeyondTheCapIsRefusedWhateverItsLength) {
  const HttpServer server(
      [](const ServedRequest&) { return ServedAnswer{200, {}, std::string(100'001, 'x')}; });
  Client client;
  Request request = get(server.url());
  request.body_bytes_max = 100'000;
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::limit_exceeded);
  request.body_bytes_max = 100'001;
  EXPECT_TRUE(client.send(request));
}

TEST(HttpClient, HeadersBeyondTheCapAreRefused) {
  const HttpServer server([](const ServedRequest&) {
    return ServedAnswer{200, {{"x-long", std::string(Client::kHeaderBytesMax, 'x')}}, ""};
  });
  Client client;
  const auto answer = client.send(get(server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::limit_exceeded);
}

TEST(HttpClient, NobodyListeningAndABrokenAnswerAreUnavailable) {
  std::string gone;
  {
    const HttpServer server([](const ServedRequest&) { return ServedAnswer{}; });
    gone = server.url();
  }
  Client client;
  const auto refused = client.send(get(gone));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << refused.error().message;
  const HttpServer server([](const ServedRequest&) {
    ServedAnswer answer;
    answer.body = "half";
    answer.cut = true;
    return answer;
  });
  const auto broken = client.send(get(server.url()));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::unavailable);
}

TEST(HttpClient, ARedirectIsAnAnswerAndIsNotFollowed) {
  int asked = 0;
  const HttpServer server([&](const ServedRequest&) {
    ++asked;
    return ServedAnswer{302, {{"location", "/elsewhere"}}, ""};
  });
  Client client;
  Request request = get(server.url());
  request.headers = {{"Authorization", "Bearer secret"}};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(asked, 1);
}

TEST(HttpClient, OtherProtocolsAreRefused) {
  Client client;
  const auto answer = client.send(get("file:///etc/hostname"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
}

TEST(HttpClient, WithoutTheLibraryTheErrorNamesThePackage) {
  Client client({"libcurl-of-another-world.so.4"});
  const auto answer = client.send(get("http://127.0.0.1:1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_NE(answer.error().message.find("libcurl4"), std::string::npos);
}

TEST(HttpClient, CancellingEndsARunningRequestSoon) {
  std::promise<void> asked;
  const HttpServer server([&](const ServedRequest&) {
    asked.set_value();
    ServedAnswer answer;
    answer.hang = true;
    return answer;
  });
  Client client;
  auto running = std::async(std::launch::async, [&] {
    Request request = get(server.url());
    request.timeout = 10min;
    return client.send(request);
  });
  asked.get_future().wait();
  client.cancel_all();
  const auto answer = running.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(client.send(get(server.url())));
}

}  // namespace
}  // namespace sb::http_client
