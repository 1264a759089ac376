#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sb/core/clock.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/sync_session.h"

#include "ws_frame.h"

namespace sb::transport {

/// What a WebSocket connection speaks: one of the two dialects, without the socket. `next` is
/// called whenever the socket can take more and something may have changed, and again only after
/// what it returned was handed over. Thread: confined to the loop.
class StreamSession {
 public:
  struct End {
    WsClose code;
    std::string_view reason;  ///< of static storage
  };
  virtual ~StreamSession() = default;
  [[nodiscard]] virtual std::shared_ptr<const snapshot::MessageBatch> next(MonoTime now) = 0;
  [[nodiscard]] virtual std::optional<MonoTime> wake_at() const = 0;
  /// True when everything is said until the store moves or `wake_at` has come, so that `next` and
  /// `ended` need not be asked before. False promises nothing.
  [[nodiscard]] virtual bool is_at_head() const = 0;
  /// Set once the connection is to be closed and everything is said.
  [[nodiscard]] virtual std::optional<End> ended() = 0;
  /// One message of the client.
  virtual void on_message(std::string_view text, MonoTime now) = 0;
  /// The server wants to end it: `next` may have some last words, which name `retry_after`, then
  /// `ended` answers.
  virtual void end(WsClose code, std::chrono::milliseconds retry_after) = 0;
};

/// `/snapshots` (protocol, section 3): clients have nothing to say.
class Dialect1Stream final : public StreamSession {
 public:
  Dialect1Stream(const snapshot::Store& store, snapshot::Dialect1Encoder& encoder,
                 snapshot::Dialect1Session::Options options)
      : session_(store, encoder, std::move(options)) {}
  std::shared_ptr<const snapshot::MessageBatch> next(MonoTime now) override {
    return end_ ? nullptr : session_.next(now);
  }
  [[nodiscard]] std::optional<MonoTime> wake_at() const override { return session_.wake_at(); }
  [[nodiscard]] bool is_at_head() const override { return !end_ && session_.is_at_head(); }
  [[nodiscard]] std::optional<End> ended() override {
    if (end_) return end_;
    if (session_.project_gone()) return End{WsClose::unknown_project, "unknown project"};
    return std::nullopt;
  }
  void on_message(std::string_view, MonoTime) override {}
  void end(WsClose code, std::chrono::milliseconds) override {
    end_ = End{code, code == WsClose::slow ? "slow" : "restart"};
  }

 private:
  snapshot::Dialect1Session session_;
  std::optional<End> end_;
};

/// `/sync` (protocol, section 4).
class SyncStream final : public StreamSession {
 public:
  SyncStream(snapshot::ViewEncoder& encoder, snapshot::SyncSession::Options options, MonoTime now)
      : session_(encoder, std::move(options), now) {}
  std::shared_ptr<const snapshot::MessageBatch> next(MonoTime now) override {
    return session_.next(now);
  }
  [[nodiscard]] std::optional<MonoTime> wake_at() const override { return session_.wake_at(); }
  [[nodiscard]] bool is_at_head() const override { return session_.is_at_head(); }
  [[nodiscard]] std::optional<End> ended() override {
    const auto code = session_.close_code();
    if (!code) return std::nullopt;
    return End{static_cast<WsClose>(*code), ""};
  }
  void on_message(std::string_view text, MonoTime now) override { session_.on_message(text, now); }
  void end(WsClose code, std::chrono::milliseconds retry_after) override {
    session_.end(code == WsClose::slow ? snapshot::ByeCode::slow : snapshot::ByeCode::restart,
                 retry_after);
  }

 private:
  snapshot::SyncSession session_;
};

}  // namespace sb::transport
