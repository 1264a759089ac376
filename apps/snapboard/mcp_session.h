#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/result.h"

#include "board.h"

namespace sb::app {

/// What one client of `snapboard mcp` says and is told, as lines of JSON-RPC 2.0: read-only tools
/// and resources about the board, in both eras of the Model Context Protocol. A request that names
/// revision 2026-07-28 in its `_meta` is answered as that one says (stateless); any other as
/// 2025-11-25 and those before. Steps only: who reads lines and watches the board is the caller's
/// business. Thread: externally locked.
class McpSession {
 public:
  using Lines = std::vector<std::string>;
  using ReadBoard = std::function<Result<Board>()>;

  static constexpr std::size_t kSubscriptionsMax = 64;  // of a client
  static constexpr std::size_t kUrisMax = 256;          // of a subscription

  explicit McpSession(ReadBoard read_board) : read_board_(std::move(read_board)) {}

  /// Takes one line and answers what to send, in order; nothing for a notification. What is wrong
  /// with the line is said in the answer.
  Lines take(std::string_view line);
  /// The board as it is now: answers the notifications about the resources that moved since the
  /// last one (the one a first subscription read, so that nothing in between is missed).
  Lines moved(const Board& board);
  /// What to send for a line that was too long to be taken.
  static std::string too_long(std::size_t bytes_max);
  /// True once there was something to watch the board for.
  [[nodiscard]] bool watches() const { return watches_; }

 private:
  struct Request {
    std::string id;  ///< JSON text; empty: a notification
    std::string method;
    std::optional<JsonValue> params;
    bool modern = false;
  };
  struct Subscription {
    std::string id;  ///< of the request that opened it, JSON text; empty: of the older era
    std::set<std::string> uris;
  };
  /// The text of each resource, by its plain name.
  using Marks = std::map<std::string, std::string>;

  Lines answer(const Request& request);
  std::string call_tool(const Request& request);
  std::string read_resource(const Request& request);
  Lines subscribe(const Request& request);
  Lines listen(const Request& request);
  void cancel(const Request& request);
  void begin_watching();
  static Marks marks_of(const Board& board);

  ReadBoard read_board_;
  std::vector<Subscription> subscriptions_;
  Marks marks_;
  bool watches_ = false;
};

}  // namespace sb::app
