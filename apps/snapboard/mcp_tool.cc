#include "mcp_tool.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>

#include "local_api.h"
#include "mcp_session.h"
#include "tools.h"

namespace sb::app {
namespace {

constexpr std::size_t kLineBytesMax = 1U << 20U;       // 1 MiB, of one message
constexpr std::size_t kReadBytes = 64U << 10U;         // 64 KiB
constexpr std::chrono::minutes kWait{1};               // for a change, then again
constexpr std::chrono::milliseconds kReadGap{100};     // between two reads of a busy board
constexpr std::chrono::milliseconds kRetryGap{1'000};  // while the server is away

/// Standard input as lines. One that is too long is skipped and told as that.
class LineReader {
 public:
  /// Calls `fn(line)` for each, `too_long()` for each skipped, until the input ends.
  template <class Fn, class TooLong>
  void each(Fn&& fn, TooLong&& too_long) {
    std::array<char, kReadBytes> room;
    for (;;) {
      const ssize_t count = ::read(STDIN_FILENO, room.data(), room.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      std::string_view rest(room.data(), static_cast<std::size_t>(count));
      for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        take(rest.substr(0, end));
        if (skipping_) {
          too_long();
        } else if (!is_blank(line_)) {
          fn(std::string_view(line_));
        }
        line_.clear();
        skipping_ = false;
        rest.remove_prefix(end + 1);
      }
      take(rest);
    }
    if (skipping_) return too_long();
    if (!is_blank(line_)) fn(std::string_view(line_));
  }

 private:
  void take(std::string_view part) {
    skipping_ = skipping_ || line_.size() + part.size() > kLineBytesMax;
    skipping_ ? line_.clear() : void(line_.append(part));
  }
  std::string line_;
  bool skipping_ = false;
};

/// The session with what both threads of the program use: one reads requests, one the board.
class Channel {
 public:
  explicit Channel(std::string socket)
      : socket_(std::move(socket)), session_([this] { return board_at(socket_); }) {}

  void take(std::string_view line) {
    const std::lock_guard lock(mutex_);
    send(session_.take(line));
    if (session_.watches()) begin_.notify_one();
  }
  void say(const std::string& line) {
    const std::lock_guard lock(mutex_);
    send({line});
  }
  /// Tells of what moves, for ever.
  void watch() {
    {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [this] { return session_.watches(); });
    }
    for (;;) {
      const bool reached = watch_life();
      std::this_thread::sleep_for(reached ? kReadGap : kRetryGap);
    }
  }

 private:
  /// One read and the wait for what changes after it. False when there is no server (any more).
  bool watch_life() {
    const auto socket = find_socket(socket_);
    if (!socket) return false;
    const auto board = read_board(*socket);
    if (!board) return false;
    {
      const std::lock_guard lock(mutex_);
      send(session_.moved(*board));
    }
    for (;;) {
      const auto changed = wait_for_change(*socket, *board, kWait);
      if (!changed || *changed) return changed.has_value();
    }
  }
  static void send(const McpSession::Lines& lines) {
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
    if (!lines.empty()) std::fflush(stdout);
  }

  std::string socket_;
  std::mutex mutex_;
  std::condition_variable begin_;
  McpSession session_;
};

}  // namespace

int mcp(const std::string& socket) {
  Channel channel(socket);
  std::thread([&channel] { channel.watch(); }).detach();
  LineReader().each([&](std::string_view line) { channel.take(line); },
                    [&] { channel.say(McpSession::too_long(kLineBytesMax)); });
  std::fflush(stdout);
  std::_Exit(kExitOk);  // the other thread waits at the server
}

}  // namespace sb::app
