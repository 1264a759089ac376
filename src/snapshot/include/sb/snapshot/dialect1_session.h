#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/ids.h"
#include "sb/snapshot/cursor.h"
#include "sb/snapshot/message.h"
#include "sb/snapshot/project_pulse.h"
#include "sb/snapshot/store.h"

namespace sb::snapshot {

/// Encodes dialect 1 (protocol, section 3) and keeps the latest batches, so that a thousand
/// subscribers cost one encoding. Thread: confined to the loop. Borrows the store.
class Dialect1Encoder {
 public:
  /// Bytes of baselines that readers still hold, of all projects.
  static constexpr std::size_t kBaselineBytesMax = 32'000'000;
  explicit Dialect1Encoder(const Store& store, std::size_t baseline_bytes_max = kBaselineBytesMax);
  ~Dialect1Encoder();
  /// `snapshot_full` of the project at head.
  [[nodiscard]] std::shared_ptr<const MessageBatch> baseline(const model::ProjectId& project);
  /// Where a reader without a position begins.
  struct Beginning {
    std::shared_ptr<const MessageBatch> baseline;
    Revision at = 0;  ///< its head: the changes since then follow
  };
  /// The baseline at head; once the ones still being sent have reached their limit, the newest of
  /// them. So a herd of slow readers that come while much changes shares a few texts.
  [[nodiscard]] Beginning beginning(const model::ProjectId& project);
  /// `snapshot_changed` and `snapshot_removed` since `from` (and the review count, when it moved
  /// since).
  [[nodiscard]] std::shared_ptr<const MessageBatch> changes(const model::ProjectId& project,
                                                            Revision from);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One `/snapshots` connection, without its socket: a cursor and a clock rule, never a queue.
/// The shell calls `next` whenever the socket is writable and the store moved or `wake_at` has
/// come, and calls it again only after what it returned was handed to the socket (one frame in
/// flight). Thread: confined to the loop.
class Dialect1Session {
 public:
  struct Options {
    model::ProjectId project;
    std::string cursor;  ///< as presented, may be empty or malformed
    std::chrono::milliseconds coalesce{100};
  };
  Dialect1Session(const Store& store, Dialect1Encoder& encoder, Options options);

  /// The next messages to send, or null when there is nothing to say now.
  [[nodiscard]] std::shared_ptr<const MessageBatch> next(MonoTime now);
  /// When held-back changes become due; nothing when none are held back.
  [[nodiscard]] std::optional<MonoTime> wake_at() const { return wake_at_; }
  /// True when everything up to the store's head was handed out: nothing to say until it moves.
  [[nodiscard]] bool is_at_head() const;
  /// True once the project no longer exists: close with 4404.
  [[nodiscard]] bool project_gone() { return pulse_.get(project_) == nullptr; }
  [[nodiscard]] const model::ProjectId& project() const { return project_; }

 private:
  const Store* store_;
  Dialect1Encoder* encoder_;
  PulseHolder pulse_;
  model::ProjectId project_;
  std::chrono::milliseconds coalesce_;
  std::uint64_t epoch_;  // number of the one of `sent_`
  bool need_baseline_ = true;
  Revision sent_ = 0;  // everything up to here was handed out
  std::optional<MonoTime> last_sent_at_;
  std::optional<MonoTime> wake_at_;
};

}  // namespace sb::snapshot
