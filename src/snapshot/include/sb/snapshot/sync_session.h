#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/snapshot/view_feed.h"

namespace sb::snapshot {

inline constexpr std::chrono::seconds kHelloTimeout{10};
inline constexpr std::chrono::milliseconds kHeartbeatMin{500};
inline constexpr std::chrono::milliseconds kHeartbeatMax{30'000};
inline constexpr std::chrono::milliseconds kHeartbeatDefault{5'000};
inline constexpr std::chrono::milliseconds kCoalesceMax{200};
inline constexpr std::chrono::milliseconds kUnseenMarkGap{1'000};  // marks about what a view hides
inline constexpr std::size_t kSyncMessageBytesMax =
    std::size_t{64} * 1024;  // bytes of a client's message

/// How one source of facts does, for `mark` (protocol, section 4). Ages are nothing when unknown.
struct SourceHealth {
  std::string name;
  std::string state;  ///< for instance "live", "degraded", "unreachable"
  std::optional<std::int64_t> lagMs;
  std::optional<std::int64_t> lastOkAgeMs;
  friend bool operator==(const SourceHealth&, const SourceHealth&) = default;
};
BOOST_DESCRIBE_STRUCT(SourceHealth, (), (name, state, lagMs, lastOkAgeMs))
static_assert(all_members_described<SourceHealth>());

/// Why the server ends a connection: the `code` of `bye`.
enum class ByeCode { restart, slow, unauthorized, protocol, limit };
BOOST_DESCRIBE_ENUM(ByeCode, restart, slow, unauthorized, protocol, limit)

/// One `/sync` connection of dialect 2, without its socket (protocol, section 4).
/// The shell hands in each text message, and calls `next` whenever the socket is writable and the
/// store moved or `wake_at` has come; it calls it again only after what it returned was handed to
/// the socket. So there is at most one frame in flight, made from the state of that moment: a slow
/// reader gets the newest state, never a backlog. Once `close_code` answers, the shell closes.
/// Thread: confined to the loop. Borrows the encoder.
class SyncSession {
 public:
  struct Options {
    std::string id;                                        ///< `session` of the welcome, random
    std::chrono::milliseconds coalesce{100};               ///< when the client names none
    bool digest = true;                                    ///< marks carry the digest of the view
    std::function<std::vector<SourceHealth>()> sources;    ///< for marks; may be empty
    std::size_t message_bytes_max = kSyncMessageBytesMax;  ///< of one message of the client
  };
  SyncSession(ViewEncoder& encoder, Options options, MonoTime now);

  /// One text message of the client: `hello` first, `view` later. A broken one ends the connection
  /// with `bye protocol`.
  void on_message(std::string_view text, MonoTime now);
  /// Says `bye` and closes. For the shell: restart, slow (nothing drained for 30 s), unauthorized,
  /// limit. Before it goes a `mark`, if the reader is at head, so that its cursor is fresh.
  void end(ByeCode code, std::chrono::milliseconds retry_after);

  /// The next message to send, or null when there is nothing to say now.
  [[nodiscard]] std::shared_ptr<const MessageBatch> next(MonoTime now);
  /// When something becomes due without any change of the store.
  [[nodiscard]] std::optional<MonoTime> wake_at() const { return wake_at_; }
  /// True when everything up to the store's head was handed out, so that there is nothing to say
  /// until it moves or `wake_at` has come.
  [[nodiscard]] bool is_at_head() const;
  /// The WebSocket close code, once everything is said: 1001 restart, 4408 slow, 4401 unauthorized,
  /// 4404 unknown project, 1002 protocol, 1013 limit.
  [[nodiscard]] std::optional<std::uint16_t> close_code() const;
  /// The view being served; null before hello.
  [[nodiscard]] const ViewFeed* feed() const { return feed_ ? &*feed_ : nullptr; }

 private:
  enum class State { waiting_hello, welcoming, live, closed };
  struct Farewell {
    ByeCode code = ByeCode::protocol;
    std::uint16_t close_code = 0;
    std::chrono::milliseconds retry_after{0};
    bool resumable = false;
    std::string detail;
  };

  Result<void> take_hello(const JsonValue& message);
  Result<void> take_view(const JsonValue& message);
  void end_with(Farewell farewell);
  [[nodiscard]] std::shared_ptr<const MessageBatch> next_live(MonoTime now);
  [[nodiscard]] std::shared_ptr<const MessageBatch> said(std::string text, MonoTime now);
  [[nodiscard]] std::string welcome();
  [[nodiscard]] std::string mark();
  [[nodiscard]] std::string bye() const;
  void wake_by(MonoTime at);

  ViewEncoder* encoder_;
  Options options_;
  JsonDocument document_;
  State state_ = State::waiting_hello;
  MonoTime started_at_;
  MonoTime last_frame_at_;                  // any message said
  std::optional<MonoTime> last_change_at_;  // a batch, or the review count
  std::optional<MonoTime> wake_at_;
  std::chrono::milliseconds heartbeat_ = kHeartbeatDefault;
  std::chrono::milliseconds coalesce_;
  bool patches_ = false;
  std::uint64_t view_seq_ = 1;
  std::string cursor_;       // as presented with hello, until the welcome
  std::uint64_t epoch_ = 0;  // number of the one the welcome told
  std::optional<ViewFeed> feed_;
  std::optional<Farewell> farewell_;  // bye is due, or said once closed
};

}  // namespace sb::snapshot
