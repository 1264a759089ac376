#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sb/snapshot/project_pulse.h"
#include "sb/snapshot/sync_batch.h"

namespace sb::snapshot {

/// The last revision that can hold something for the view, or a new review count: what was read at
/// it or later is still right.
[[nodiscard]] Revision last_revision(const Store& store, const View& view);

/// One reader of one view: a position, never a queue. The same for a WebSocket, an event stream and
/// a long poll. What it hands out counts as delivered. Thread: confined to the loop. Borrows the
/// encoder.
class ViewFeed {
 public:
  /// Starts with nothing delivered. `patches`: the reader takes field patches.
  ViewFeed(ViewEncoder& encoder, View view, bool patches);

  /// Continues from a presented cursor when it can be continued (protocol, section 4, last table).
  /// Otherwise nothing changes and the reason is answered. An empty text is `initial`.
  std::optional<ResetReason> resume(std::string_view cursor);
  /// Starts again from nothing, also in the middle of an answer.
  void restart(ResetReason reason);
  /// True once the one project of the view no longer exists (or never did).
  [[nodiscard]] bool project_gone();

  /// Looks at the store: what could be said now. Call `next` or `skip_to_head` after it.
  struct Due {
    bool batch = false;         ///< `next` has something: entries moved, or an answer is under way
    bool urgent = false;        ///< it must not wait for coalescing
    bool review_count = false;  ///< only the review count moved
    bool unseen = false;        ///< only what the view does not show moved
  };
  [[nodiscard]] Due look();
  /// True when everything up to the store's head was handed out: `look` finds nothing until it
  /// moves.
  [[nodiscard]] bool is_at_head() const;
  /// The next batch, encoded once for all who go the same way. REQUIRES: look().batch.
  [[nodiscard]] std::shared_ptr<const MessageBatch> next(std::uint64_t view_seq);
  /// Nothing visible is missing: the reader may be told that it is at head. REQUIRES: complete and
  /// not look().batch.
  void skip_to_head();

  [[nodiscard]] const View& view() const { return view_; }
  [[nodiscard]] const Position& position() const { return position_; }
  [[nodiscard]] std::string cursor() const { return encoder_->cursor(view_, position_); }
  /// Why the answer under way, or the next one, is a reset; nothing when it is none.
  [[nodiscard]] std::optional<ResetReason> reset() const { return reset_; }

 private:
  // Of the one project of the view; null when it is of all, or the project is not there.
  [[nodiscard]] const ProjectPulse* pulse();
  [[nodiscard]] Revision floor();

  ViewEncoder* encoder_;
  View view_;
  bool patches_;
  PulseHolder pulse_;
  std::uint64_t epoch_;  // number of the one of `position_`
  Position position_;
  std::optional<ResetReason> reset_ = ResetReason::initial;
  std::shared_ptr<const ViewAnswer> answer_;  // looked at, or under way
  std::size_t next_ = 0;                      // batch of it to hand out
};

}  // namespace sb::snapshot
