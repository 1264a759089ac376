#include "http_parser.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace sb::transport {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kHeadersTypical = 16;

/// What Beast reads, put where we want it. Beast judges what is a request, and keeps the limits.
class Reader final : public http::basic_parser<true> {
 public:
  HttpRequest request;

 private:
  using Text = boost::beast::string_view;

  void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
    request.method = method;
    request.target = target;
    request.http11 = version >= 11;
    request.headers.reserve(kHeadersTypical);
  }
  void on_field_impl(http::field, Text name, Text value, error_code&) override {
    // A trailer is not a header, whatever it is called (RFC 9110, section 6.5.1).
    if (!is_header_done()) request.headers.emplace_back(ascii_lower(name), trim(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) request.body.reserve(*length);  // which is within the limit
  }
  std::size_t on_body_impl(Text piece, error_code&) override {
    request.body += piece;
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text piece, error_code&) override {
    request.body += piece;
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, Text, int, error_code&) override {}
};

}  // namespace

struct HttpParser::Impl {
  explicit Impl(Limits l) : limits(l) {
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser.body_limit(limits.body_bytes);
    parser.eager(true);
  }
  Limits limits;
  Reader parser;
  error_code error;
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
    error_code error;
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
  const HttpRequest& request = impl_->parser.request;
  return request.http11 && ascii_iequals(request.header("expect").value_or(""), "100-continue");
}

HttpRequest HttpParser::take() {
  impl_->parser.request.keep_alive = impl_->parser.keep_alive();
  return std::move(impl_->parser.request);
}

}  // namespace sb::transport
