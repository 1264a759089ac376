#include "http_parser.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sb::transport {
namespace {

namespace http = boost::beast::http;

}  // namespace

struct HttpParser::Impl {
  explicit Impl(Limits l) : limits(l) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(limits.body_bytes);
    parser.eager(true);
  }
  Limits limits;
  http::request_parser<http::string_body> parser;
  boost::beast::error_code error;
  bool continue_told = false;
};

HttpParser::HttpParser(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

HttpParser::Status HttpParser::feed(std::string& buffer) {
  std::size_t used = 0;
  // Beast takes what it can per call: the header, then the body piece by piece.
  while (!impl_->parser.is_done() && used < buffer.size()) {
    boost::beast::error_code error;
    used +=
        impl_->parser.put(boost::asio::buffer(buffer.data() + used, buffer.size() - used), error);
    if (error == http::error::need_more) break;
    if (error) {
      impl_->error = error;
      return Status::failed;
    }
  }
  buffer.erase(0, used);
  // What is left of an unfinished request is a piece of header. Beast limits the one before the
  // body, but not those of chunks and trailers.
  if (!impl_->parser.is_done() && buffer.size() > impl_->limits.header_bytes) {
    impl_->error = http::error::header_limit;
    return Status::failed;
  }
  return impl_->parser.is_done() ? Status::done : Status::need_more;
}

HttpResponse HttpParser::failure() const {
  HttpResponse response;
  if (impl_->error == http::error::header_limit) {
    response = problem_response(
        {ErrorCode::limit_exceeded, "The request header is larger than allowed.", {}}, 431);
  } else if (impl_->error == http::error::body_limit ||
             impl_->error == http::error::buffer_overflow) {
    response = problem_response(
        {ErrorCode::limit_exceeded, "The request body is larger than allowed.", {}}, 413);
  } else if (impl_->error == http::error::bad_version) {
    response = problem_response(
        {ErrorCode::unsupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", {}}, 505);
  } else {
    response = problem_response({ErrorCode::invalid_argument, "The request is not HTTP.", {}});
  }
  response.close = true;
  return response;
}

bool HttpParser::take_expect_continue() {
  if (impl_->continue_told || !impl_->parser.is_header_done() || impl_->parser.is_done())
    return false;
  impl_->continue_told = true;
  const auto& message = impl_->parser.get();
  return message.version() >= 11 &&
         ascii_iequals(trim(message[http::field::expect]), "100-continue");
}

HttpRequest HttpParser::take() {
  HttpRequest request;
  request.keep_alive = impl_->parser.keep_alive();
  auto message = impl_->parser.release();
  request.method = message.method_string();
  request.target = message.target();
  request.http11 = message.version() >= 11;
  for (const auto& field : message) {
    request.headers.emplace_back(ascii_lower(field.name_string()),
                                 std::string(trim(field.value())));
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace sb::transport
