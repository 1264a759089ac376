#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sb/snapshot/entry.h"

namespace sb::snapshot {

/// Where a reader stands: opaque to clients, checksummed (architecture, section 2).
struct Cursor {
  std::string epoch;
  Revision revision = 0;
  bool complete = true;         ///< everything up to `revision` was delivered
  std::uint64_t view_hash = 0;  ///< of the normalised view
  /// Incomplete, and of `revision` itself only ids of a rank up to this one were delivered.
  std::optional<std::uint64_t> within{};

  /// The revision below which nothing is missing.
  [[nodiscard]] Revision covered() const { return within ? revision - 1 : revision; }
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

/// URL-safe text.
[[nodiscard]] std::string encode_cursor(const Cursor& cursor);

/// Writes one cursor after the other of the same epoch: what they begin with is made once. Thread:
/// a value.
class CursorWriter {
 public:
  /// Appends the text `encode_cursor` makes of a cursor of that epoch (plain letters, as the store
  /// makes them); `cursor.epoch` is not read.
  void append(std::string& out, std::string_view epoch, const Cursor& cursor);

 private:
  std::string epoch_;
  std::string head_;  // version and epoch
  std::uint64_t head_hash_ = 0;
};

/// Nothing when the text is malformed or its checksum is wrong.
[[nodiscard]] std::optional<Cursor> decode_cursor(std::string_view text);

/// The view of everything in one project, complete entries: shared by the snapshot read, dialect 1,
/// and dialect 2 with
/// `{projectId, shape: full}`, whose cursors are interchangeable (protocol, section 3).
[[nodiscard]] std::uint64_t full_view_hash(std::string_view project_id);

}  // namespace sb::snapshot
