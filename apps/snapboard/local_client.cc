#include "local_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace sb::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Stream = beast::basic_stream<asio::local::stream_protocol>;

constexpr std::uint64_t kResponseBytesMax = 256U << 20U;

// The steps of one request; the first error ends it.
struct Exchange {
  Stream stream;
  http::request<http::string_body> request;
  http::response_parser<http::string_body> response;
  beast::flat_buffer buffer;
  beast::error_code error;
  bool done = false;

  explicit Exchange(asio::io_context& io) : stream(io) {}

  void connected(beast::error_code failure) {
    error = failure;
    if (error) return;
    http::async_write(stream, request, [this](beast::error_code e, std::size_t) { written(e); });
  }
  void written(beast::error_code failure) {
    error = failure;
    if (error) return;
    http::async_read(stream, buffer, response, [this](beast::error_code e, std::size_t) {
      error = e;
      done = !e;
    });
  }
};

}  // namespace

Result<LocalResponse> local_request(const std::string& socket_path, const std::string& method,
                                    const std::string& target, const std::string& body,
                                    const std::string& content_type, std::chrono::seconds timeout) {
  if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::invalid_argument, "socket path too long: " + socket_path);
  }
  asio::io_context io(1);
  Exchange exchange(io);
  exchange.request.method_string(method);
  exchange.request.target(target);
  exchange.request.version(11);
  exchange.request.set(http::field::host, "localhost");
  exchange.request.set(http::field::connection, "close");
  if (!content_type.empty()) exchange.request.set(http::field::content_type, content_type);
  exchange.request.body() = body;
  exchange.request.prepare_payload();
  exchange.response.body_limit(kResponseBytesMax);
  exchange.stream.expires_after(timeout);
  exchange.stream.async_connect(asio::local::stream_protocol::endpoint(socket_path),
                                [&](beast::error_code e) { exchange.connected(e); });
  io.run();
  if (!exchange.done) {
    const bool late = exchange.error == beast::error::timeout;
    return fail(late ? ErrorCode::timeout : ErrorCode::unavailable,
                "no answer from the server at " + socket_path + ": " + exchange.error.message());
  }
  auto& message = exchange.response.get();
  return LocalResponse{static_cast<int>(message.result_int()), std::move(message.body())};
}

}  // namespace sb::app
