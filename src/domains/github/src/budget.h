#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "sb/core/clock.h"

#include "question.h"

namespace sb::github {

/// May GitHub be asked now? One per host. Keeps a share of the rate limit for the user, slows down
/// before it is gone, and waits after refusals and failures. Time is monotonic: the reset GitHub
/// names is taken relative to GitHub's own clock. Pure.
class Budget {
 public:
  enum class Who { us, user };

  static constexpr double kReservedShare = 0.4;  // of the limit: the user's own tools need some
  static constexpr std::chrono::seconds kFailureWaitMin{5};
  static constexpr std::chrono::seconds kFailureWaitMax{300};
  static constexpr std::chrono::seconds kThrottleWaitMin{60};  // refused without a date
  static constexpr std::chrono::seconds kThrottleWaitMax{900};
  static constexpr std::chrono::seconds kResetWaitMax{3'700};  // a limit is per hour

  /// An answer came. `server_now`: GitHub's clock, from its Date header.
  void answered(const std::optional<RateLimit>& rate, std::optional<WallTime> server_now,
                MonoTime now) {
    failures_ = 0;
    throttles_ = 0;
    wait_until_.reset();
    if (!rate || rate->limit <= 0) return;
    const double reserved = kReservedShare * static_cast<double>(rate->limit);
    const double left = static_cast<double>(rate->remaining) - reserved;
    share_left_ = left / (static_cast<double>(rate->limit) - reserved);
    const MonoTime reset = now + until(rate->reset_at, server_now);
    reserve_until_ = left < 1 ? std::optional(reset) : std::nullopt;
    empty_until_ = rate->remaining < 1 ? std::optional(reset) : std::nullopt;
  }

  /// GitHub refused to answer so often.
  void throttled(std::optional<std::chrono::seconds> retry_after,
                 const std::optional<RateLimit>& rate, std::optional<WallTime> server_now,
                 MonoTime now) {
    std::chrono::seconds wait = std::min(kThrottleWaitMax, kThrottleWaitMin * (1U << throttles_));
    if (throttles_ < kDoublingsMax) ++throttles_;
    if (retry_after) {
      wait = std::clamp(*retry_after, std::chrono::seconds(1), kResetWaitMax);
    } else if (rate && rate->remaining < 1 && rate->reset_at) {
      wait = until(rate->reset_at, server_now);
    }
    empty_until_ = now + wait;
  }

  /// No answer, or an error of the server.
  void failed(MonoTime now) {
    wait_until_ = now + std::min(kFailureWaitMax, kFailureWaitMin * (1U << failures_));
    if (failures_ < kDoublingsMax) ++failures_;
  }

  /// When `who` may ask; nothing: now. What somebody waits for is tried in spite of failures.
  [[nodiscard]] std::optional<MonoTime> blocked_until(Who who, MonoTime now) const {
    std::optional<MonoTime> until;
    const auto raise = [&](const std::optional<MonoTime>& at) {
      if (at && *at > now && (!until || *at > *until)) until = at;
    };
    raise(empty_until_);
    if (who == Who::us) {
      raise(reserve_until_);
      raise(wait_until_);
    }
    return until;
  }
  [[nodiscard]] bool limited(MonoTime now) const {
    return (empty_until_ && *empty_until_ > now) || (reserve_until_ && *reserve_until_ > now);
  }
  [[nodiscard]] bool failing() const { return failures_ != 0; }
  /// How much longer the intervals are.
  [[nodiscard]] int stretch() const {
    if (share_left_ < 0.1) return 4;
    return share_left_ < 0.25 ? 2 : 1;
  }

 private:
  static constexpr unsigned kDoublingsMax = 8;

  static std::chrono::seconds until(const std::optional<WallTime>& at,
                                    const std::optional<WallTime>& server_now) {
    if (!at || !server_now) return kThrottleWaitMin;
    const auto wait = std::chrono::duration_cast<std::chrono::seconds>(*at - *server_now);
    return std::clamp(wait + std::chrono::seconds(1), std::chrono::seconds(1), kResetWaitMax);
  }

  unsigned failures_ = 0;
  unsigned throttles_ = 0;
  double share_left_ = 1;
  std::optional<MonoTime> wait_until_;     // after a failure
  std::optional<MonoTime> reserve_until_;  // only the user's share is left
  std::optional<MonoTime> empty_until_;    // nothing is left, or we were refused
};

}  // namespace sb::github
