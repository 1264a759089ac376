#include <array>
#include <chrono>
#include <ctime>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sb/core/clock.h"

#include "http_message.h"
#include "http_parser.h"
#include "static_files.h"
#include "url.h"
#include "ws_handshake.h"

namespace sb::transport {
namespace {

constexpr HttpParser::Limits kLimits{.header_bytes = 8U << 10U, .body_bytes = 100};

HttpParser::Status feed_all(HttpParser& parser, std::string_view bytes, std::size_t piece,
                            std::string* rest = nullptr) {
  std::string buffer;
  auto status = HttpParser::Status::need_more;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    buffer += bytes.substr(at, piece);
    if (status == HttpParser::Status::need_more) status = parser.feed(buffer);
  }
  if (rest != nullptr) *rest = buffer;
  return status;
}

int failure_status(std::string_view bytes) {
  HttpParser parser(kLimits);
  EXPECT_EQ(feed_all(parser, bytes, bytes.size()), HttpParser::Status::failed) << bytes;
  const HttpResponse response = parser.failure();
  EXPECT_TRUE(response.close);
  EXPECT_EQ(response.content_type, "application/problem+json");
  return response.status;
}

TEST(HttpParser, ReadsARequestHoweverItIsCut) {
  const std::string bytes =
      "POST /api/events?x=1 HTTP/1.1\r\nHost: localhost:7420\r\nContent-Type:  text/plain \r\n"
      "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n";
  for (const std::size_t piece : {1U, 7U, 1000U}) {
    HttpParser parser(kLimits);
    std::string rest;
    ASSERT_EQ(feed_all(parser, bytes, piece, &rest), HttpParser::Status::done);
    EXPECT_EQ(rest, "GET / HTTP/1.1\r\n");
    const HttpRequest request = parser.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/events?x=1");
    EXPECT_EQ(request.header("host"), "localhost:7420");
    EXPECT_EQ(request.header("content-type"), "text/plain");
    EXPECT_EQ(request.body, "hello");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_TRUE(request.http11);
  }
}

TEST(HttpParser, ReadsChunkedBodies) {
  HttpParser parser(kLimits);
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n";
  ASSERT_EQ(feed_all(parser, bytes, 1), HttpParser::Status::done);
  EXPECT_EQ(parser.take().body, "hello world");
}

TEST(HttpParser, TakesNoTrailerForAHeader) {
  HttpParser parser(kLimits);
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\nAuthorization: Bearer late\r\n\r\n";
  ASSERT_EQ(feed_all(parser, bytes, 1), HttpParser::Status::done);
  const HttpRequest request = parser.take();
  EXPECT_EQ(request.body, "hello");
  EXPECT_EQ(request.header("host"), "x");
  EXPECT_EQ(request.header("authorization"), std::nullopt);
}

TEST(HttpParser, KnowsOldClients) {
  HttpParser parser(kLimits);
  ASSERT_EQ(feed_all(parser, "GET / HTTP/1.0\r\n\r\n", 100), HttpParser::Status::done);
  const HttpRequest request = parser.take();
  EXPECT_FALSE(request.keep_alive);
  EXPECT_FALSE(request.http11);
}

TEST(HttpParser, AnswersBadInputByKind) {
  EXPECT_EQ(failure_status("BOGUS\r\n\r\n"), 400);
  EXPECT_EQ(failure_status("GET / HTTP/3.0\r\n\r\n"), 505);
  EXPECT_EQ(failure_status("GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"), 400);
  EXPECT_EQ(failure_status("POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), 413);
  EXPECT_EQ(failure_status("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
            400);
  EXPECT_EQ(failure_status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "65\r\n" +
                           std::string(101, 'x') + "\r\n0\r\n\r\n"),
            413);
  EXPECT_EQ(failure_status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
  EXPECT_EQ(failure_status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5"
                           "\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(failure_status("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(failure_status("GET /" + std::string(9000, 'x')), 431);
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(failure_status(chunked + "5;x=" + std::string(9000, 'x')), 431);
  EXPECT_EQ(failure_status(chunked + "0\r\nX: " + std::string(9000, 'x')), 431);
}

TEST(HttpParser, AsksOnceForTheBody) {
  HttpParser parser(kLimits);
  std::string buffer =
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(parser.feed(buffer), HttpParser::Status::need_more);
  EXPECT_TRUE(parser.take_expect_continue());
  EXPECT_FALSE(parser.take_expect_continue());
}

TEST(Target, IsTakenApart) {
  const auto target = parse_target("/api/projects/a%2Fb%20c/snapshot?x=1+2&y&x=3#frag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/projects/a/b c/snapshot");
  ASSERT_EQ(target->segments.size(), 4U);
  EXPECT_EQ(target->segments[2], "a/b c");
  EXPECT_EQ(target->param("x"), "1 2");
  EXPECT_EQ(target->param("y"), "");
  EXPECT_EQ(target->param("z"), std::nullopt);
}

TEST(Target, RefusesMalformedText) {
  for (const char* text : {"", "x", "*", "http://a/", "/%", "/%4", "/%zz", "/a%00b", "/a%0Ab",
                           "/?x=%", "/?%G0=1", "/\x01"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(Target, LosesOneParameter) {
  EXPECT_EQ(target_without_param("/?token=abc", "token"), "/");
  EXPECT_EQ(target_without_param("/p?a=%20&token=abc&b", "token"), "/p?a=%20&b");
  EXPECT_EQ(target_without_param("/?%74oken=abc", "token"), "/");
  EXPECT_EQ(target_without_param("//evil.example/x?token=a", "token"), "/evil.example/x");
  EXPECT_EQ(target_without_param("/\\evil.example?token=a", "token"), "/evil.example");
}

std::string http_date(WallTime time) {
  std::string out;
  append_http_date(out, time);
  return out;
}

TEST(HttpMessage, SaysDatesInTheWebsForm) {
  EXPECT_EQ(http_date(*parse_iso("1994-11-06T08:49:37.999Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(*parse_iso("2024-02-29T23:59:59Z")), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(HttpMessage, SaysDatesAsTheCLibraryDoes) {
  constexpr std::chrono::seconds kStep{25 * 3600 + 61};  // another hour, minute and second each day
  const WallTime end = *parse_iso("2029-03-01T00:00:00Z");
  for (WallTime time = *parse_iso("2024-01-01T00:00:00Z"); time < end; time += kStep) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm fields{};
    gmtime_r(&seconds, &fields);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
    ASSERT_EQ(http_date(time), text.data());
  }
}

TEST(HttpMessage, FindsListTokens) {
  HttpRequest request;
  request.headers = {{"connection", "keep-alive, Upgrade"}, {"connection", "x"}};
  EXPECT_TRUE(request.has_token("connection", "upgrade"));
  EXPECT_TRUE(request.has_token("connection", "X"));
  EXPECT_FALSE(request.has_token("connection", "grade"));
  EXPECT_FALSE(request.has_token("upgrade", "x"));
}

TEST(HttpMessage, DescribesProblems) {
  const auto response = problem_response({ErrorCode::invalid_argument, "bad \"x\"", "$.data.x"});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_argument",)"
            R"("detail":"bad \"x\"","path":"$.data.x"})");
}

TEST(Etag, IsComparedWeakly) {
  EXPECT_TRUE(etag_matches("\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("W/\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("\"x\", \"a\"", "W/\"a\""));
  EXPECT_TRUE(etag_matches("*", "\"a\""));
  EXPECT_FALSE(etag_matches("", "\"a\""));
  EXPECT_FALSE(etag_matches("\"b\"", "\"a\""));
}

TEST(WsHandshake, AnswersAsInTheRfc) {
  // RFC 6455, section 1.3; SHA-1 and base64 by their own RFCs.
  EXPECT_EQ(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  // FIPS 180-2, appendix A: one block, two, and a million bytes.
  const auto sha1_base64 = [](std::string_view bytes) {
    const auto digest = sha1(bytes);
    return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  EXPECT_EQ(sha1_base64("abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  EXPECT_EQ(sha1_base64("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "hJg+RBw70m66rkqh+VEp5eVGcPE=");
  EXPECT_EQ(sha1_base64(std::string(1'000'000, 'a')), "NKqXPNTE2qT2Husr260nMWU0AW8=");
  EXPECT_EQ(sha1_base64(std::string(55, 'a')), "wci73CJ5bijA4VFj0giZtlYh1lo=");
  EXPECT_EQ(sha1_base64(std::string(64, 'a')), "AJi6gktcFkJ716ESKlpEKiXsZE0=");
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  for (std::size_t size = 50; size < 70; ++size) {
    EXPECT_NE(sha1(std::string(size, 'a')), sha1(std::string(size + 1, 'a')));
  }
}

TEST(WsHandshake, IsChecked) {
  HttpRequest good;
  good.method = "GET";
  good.headers = {{"connection", "Upgrade"},
                  {"upgrade", "websocket"},
                  {"sec-websocket-version", "13"},
                  {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  EXPECT_TRUE(wants_websocket(good));
  EXPECT_EQ(check_ws_handshake(good), WsHandshake::good);
  const auto with = [&](std::size_t index, std::string value) {
    HttpRequest request = good;
    request.headers[index].second = std::move(value);
    return check_ws_handshake(request);
  };
  EXPECT_EQ(with(0, "keep-alive"), WsHandshake::bad);
  EXPECT_EQ(with(2, "8"), WsHandshake::bad_version);
  EXPECT_EQ(with(3, ""), WsHandshake::bad);
  EXPECT_EQ(with(3, "dGhlIHNhbXBsZSBub25jZQ"), WsHandshake::bad);
  EXPECT_EQ(with(3, "dGhlIHNhbXBsZSBub25j!Q=="), WsHandshake::bad);
  HttpRequest old = good;
  old.http11 = false;
  EXPECT_EQ(check_ws_handshake(old), WsHandshake::bad);
}

}  // namespace
}  // namespace sb::transport
