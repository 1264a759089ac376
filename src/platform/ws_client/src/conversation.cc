#include "sb/ws_client/conversation.h"

#include <sys/un.h>

#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace sb::ws_client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Local = asio::local::stream_protocol;

struct Conversation::Impl {
  using Clock = std::chrono::steady_clock;
  explicit Impl(std::chrono::milliseconds budget) : ends(Clock::now() + budget) {
    stream.read_message_max(kMessageBytesMax);
  }

  // Begins one operation and waits for it, but not longer than the budget lasts.
  template <class Begin>
  Result<void> run(std::string_view what, Begin&& begin) {
    std::optional<beast::error_code> ended;
    begin([&ended](beast::error_code error, auto&&...) { ended = error; });
    io.restart();
    io.run_until(ends);
    if (!ended) {
      beast::error_code ignored;
      stream.next_layer().close(ignored);
      io.restart();
      io.run();  // so that nothing refers to `ended` any more
      return fail(ErrorCode::timeout, std::string(what) + " took too long");
    }
    if (!*ended) return {};
    const bool big = *ended == websocket::error::message_too_big;
    return fail(big ? ErrorCode::limit_exceeded : ErrorCode::unavailable,
                std::string(what) + ": " + ended->message());
  }

  Clock::time_point ends;
  asio::io_context io{1};
  websocket::stream<Local::socket> stream{io};
  beast::flat_buffer received;
};

Conversation::Conversation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Conversation::~Conversation() = default;

Result<std::unique_ptr<Conversation>> Conversation::open(const std::string& socket_path,
                                                         const std::string& target,
                                                         std::chrono::milliseconds budget) {
  if (socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::invalid_argument, "the path of the socket is too long: " + socket_path);
  }
  auto impl = std::make_unique<Impl>(budget);
  auto& stream = impl->stream;
  SB_TRY_VOID(impl->run("connecting", [&](auto done) {
    stream.next_layer().async_connect(Local::endpoint(socket_path), std::move(done));
  }));
  SB_TRY_VOID(impl->run("the handshake", [&](auto done) {
    stream.async_handshake("localhost", target, std::move(done));
  }));
  return std::unique_ptr<Conversation>(new Conversation(std::move(impl)));  // NOLINT: private
}

Result<void> Conversation::send(std::string_view text) {
  impl_->stream.text(true);
  return impl_->run("sending", [&](auto done) {
    impl_->stream.async_write(asio::buffer(text.data(), text.size()), std::move(done));
  });
}

Result<std::string> Conversation::receive() {
  do {
    impl_->received.clear();
    SB_TRY_VOID(impl_->run("receiving", [&](auto done) {
      impl_->stream.async_read(impl_->received, std::move(done));
    }));
  } while (!impl_->stream.got_text());
  return beast::buffers_to_string(impl_->received.data());
}

}  // namespace sb::ws_client
