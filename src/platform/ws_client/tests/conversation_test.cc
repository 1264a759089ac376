#include "sb/ws_client/conversation.h"

#include <functional>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

// Against a real WebSocket server on a real Unix socket.

namespace sb::ws_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;
using Stream = beast::websocket::stream<Local::socket>;
using namespace std::chrono_literals;

/// Takes one client and does with it what the test says.
class OneGuest {
 public:
  OneGuest(const std::string& path, std::function<void(Stream&)> serve)
      : acceptor_(io_, Local::endpoint(path)), thread_([this, serve = std::move(serve)] {
          Stream stream(io_);
          acceptor_.accept(stream.next_layer());
          beast::error_code error;
          stream.accept(error);
          if (!error) serve(stream);
        }) {}
  ~OneGuest() { thread_.join(); }

 private:
  asio::io_context io_;
  Local::acceptor acceptor_;
  std::thread thread_;
};

class ConversationTest : public ::testing::Test {
 protected:
  sb::testing::TempDir dir_;
  std::string path_ = (dir_.path() / "s").string();
};

TEST_F(ConversationTest, SaysAndHearsTextMessagesAndPassesOverBinaryOnes) {
  OneGuest server(path_, [](Stream& stream) {
    beast::flat_buffer heard;
    stream.read(heard);
    stream.binary(true);
    stream.write(asio::buffer("\x01\x02", 2));
    stream.text(true);
    stream.write(heard.data());
  });
  auto talk = Conversation::open(path_, "/", 10s);
  ASSERT_TRUE(talk) << talk.error().message;
  ASSERT_TRUE((*talk)->send("grüße"));
  const auto answer = (*talk)->receive();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "grüße");
}

TEST_F(ConversationTest, NobodyThereIsUnavailable) {
  const auto talk = Conversation::open(path_, "/", 10s);
  ASSERT_FALSE(talk);
  EXPECT_EQ(talk.error().code, ErrorCode::unavailable);
}

TEST_F(ConversationTest, APathThatFitsNoAddressIsRefused) {
  const auto talk = Conversation::open(std::string(200, 'x'), "/", 10s);
  ASSERT_FALSE(talk);
  EXPECT_EQ(talk.error().code, ErrorCode::invalid_argument);
}

TEST_F(ConversationTest, AServerThatSaysNothingIsGivenUpWithinTheBudget) {
  OneGuest server(path_, [](Stream& stream) {
    beast::flat_buffer heard;
    beast::error_code error;
    stream.read(heard, error);  // until the client is gone
  });
  auto talk = Conversation::open(path_, "/", 50ms);
  const auto answer = talk ? (*talk)->receive() : tl::unexpected(talk.error());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
}

TEST_F(ConversationTest, AMessageBeyondTheLimitIsRefused) {
  OneGuest server(path_, [](Stream& stream) {
    const std::string big(Conversation::kMessageBytesMax + 1, 'x');
    beast::error_code error;
    stream.write(asio::buffer(big), error);
    beast::flat_buffer heard;
    stream.read(heard, error);  // until the client is gone
  });
  auto talk = Conversation::open(path_, "/", 10s);
  ASSERT_TRUE(talk);
  const auto answer = (*talk)->receive();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::limit_exceeded) << answer.error().message;
}

TEST_F(ConversationTest, AClosedConnectionIsUnavailable) {
  OneGuest server(path_,
                  [](Stream& stream) { stream.close(beast::websocket::close_code::normal); });
  auto talk = Conversation::open(path_, "/", 10s);
  ASSERT_TRUE(talk);
  const auto answer = (*talk)->receive();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace sb::ws_client
