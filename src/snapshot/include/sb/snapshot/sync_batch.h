#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "sb/model/field.h"
#include "sb/model/ids.h"
#include "sb/snapshot/cursor.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/store.h"
#include "sb/snapshot/view.h"

namespace sb::snapshot {

/// What one batch may hold. A single op larger than that is a batch of its own.
struct BatchLimits {
  std::size_t bytes = std::size_t{256} * 1024;  // bytes
  std::size_t ops = 1'000;                      // ops
};

/// Why a reader starts again from nothing (protocol, section 4). The wire texts.
enum class ResetReason { initial, compacted, epoch, view };
BOOST_DESCRIBE_ENUM(ResetReason, initial, compacted, epoch, view)

/// How far a reader of one view is.
struct Position {
  Revision revision = 0;
  bool complete = true;  ///< false: between the batches of one answer
  /// Incomplete, and of `revision` itself only ids of a rank (ViewOp) up to this one were
  /// delivered.
  std::optional<std::uint64_t> within{};
  /// The revision below which nothing is missing.
  [[nodiscard]] Revision covered() const { return within ? revision - 1 : revision; }
  friend bool operator==(const Position&, const Position&) = default;
};

/// What one reader is told of one entry.
struct ViewOp {
  Revision revision = 0;                  ///< highest visible field revision, or of the leaving
  std::shared_ptr<const EntryText> text;  ///< put or patch; null: del
  model::FieldSet set;                    ///< patch of these fields; empty: put or del
  model::WorkspaceId id;                  ///< of a del
  std::size_t bytes = 0;                  ///< never less than its text takes in a batch
  /// Its place among the ops of one revision where an answer takes several batches: a hash of the
  /// id, the same in every answer, so that a reader can go on between two of them.
  std::uint64_t rank = 0;
};

/// One answer to "what changed in this view since": captured at one head as references to published
/// texts, and cut into batches that fit. Whatever happens meanwhile, its last batch completes it,
/// so completion never starves. Shared by every reader that goes the same way. Thread: immutable.
struct ViewAnswer {
  View view;
  std::optional<Position> from;   ///< nothing: a reset, the reader starts again from nothing
  Revision to = 0;                ///< the head it was captured at
  std::vector<ViewOp> ops;        ///< by revision
  std::vector<std::size_t> ends;  ///< of each batch, as index into `ops`; at least one batch
  std::size_t bytes = 0;          ///< of all ops
  bool urgent = false;            ///< a status reason moved, or an entry came or went
  bool conflated = false;         ///< it joins several commits
  std::optional<std::int64_t> review_count;  ///< set when it moved since `from`

  [[nodiscard]] bool reset() const { return !from.has_value(); }
  /// Where a reader stands after batch `index`.
  [[nodiscard]] Position after(std::size_t index) const;
};

/// Answers readers of views and remembers what it said at the current head, so that a thousand
/// readers of one view cost one encoding. Thread: confined to the loop. Borrows the store.
class ViewEncoder {
 public:
  explicit ViewEncoder(const Store& store, BatchLimits limits = {});
  ~ViewEncoder();
  /// What changed in `view` since `from`, nothing meaning everything. `patches`: the reader takes
  /// field patches; they are used only from a complete position to head in one batch. An answer
  /// that would cost more than the whole view becomes a reset.
  [[nodiscard]] std::shared_ptr<const ViewAnswer> answer(const View& view,
                                                         const std::optional<Position>& from,
                                                         bool patches);
  /// The text of one batch of an answer. `reason` is told with the first batch of a reset.
  [[nodiscard]] std::shared_ptr<const MessageBatch> text(
      const std::shared_ptr<const ViewAnswer>& answer, std::size_t index, std::uint64_t view_seq,
      std::optional<ResetReason> reason);
  /// Appends the entries of the view as an array, each as a put has it; newest createdAt first, id
  /// as tiebreak.
  void append_entries(std::string& out, const View& view) const;
  /// XOR over the entries of the view of FNV-1a-64(id, 0x00, highest visible field revision).
  [[nodiscard]] std::uint64_t digest(const View& view);
  [[nodiscard]] std::string cursor(const View& view, const Position& position) const;
  [[nodiscard]] const Store& store() const;
  [[nodiscard]] const BatchLimits& limits() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::snapshot
