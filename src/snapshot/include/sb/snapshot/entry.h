#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sb/model/enums.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"

namespace sb::snapshot {

using Revision = std::uint64_t;

/// The highest revision of one epoch: the largest whole number every JSON reader keeps exactly
/// (protocol, section 1).
inline constexpr Revision kRevisionMax = (Revision{1} << 53U) - 1;

class EntryEncoder;  // inside this room only

/// Where each member of a text begins, one more for the end of the last: in 16 bits while the text
/// is short, as nearly all are. Thread: a value.
class MemberOffsets {
 public:
  using All = std::array<std::uint32_t, model::kFieldCount + 1>;
  [[nodiscard]] std::uint32_t operator[](std::size_t index) const {
    return wide_ ? (*wide_)[index] : narrow_[index];
  }
  [[nodiscard]] All all() const {
    if (wide_) return *wide_;
    All offsets;
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = narrow_[i];
    return offsets;
  }
  void assign(const All& offsets) {
    if (offsets.back() > 0xFFFF) {
      wide_ = std::make_unique<All>(offsets);
    } else {
      wide_.reset();
      for (std::size_t i = 0; i < offsets.size(); ++i) {
        narrow_[i] = static_cast<std::uint16_t>(offsets[i]);
      }
    }
  }

 private:
  std::array<std::uint16_t, model::kFieldCount + 1> narrow_{};
  std::unique_ptr<All> wide_;
};

/// The published text of one entry at one revision: each field encoded once, shared by every
/// reader. `text` is the complete entry of the contract (dialect 1 and the snapshot read); each
/// field's slice is
/// `"name":value`, so a patch is a join of slices.
/// Thread: confined to the loop; never changes while somebody besides the store holds it.
class EntryText {
 public:
  /// The complete entry with version, computedAt, source and fieldTimestamps.
  [[nodiscard]] std::string_view complete() const { return text_; }
  /// The complete entry without version, computedAt, source and fieldTimestamps, and without its
  /// closing brace.
  [[nodiscard]] std::string_view plain() const {
    return std::string_view(text_).substr(0, offsets_[model::kFieldCount] - 1);
  }
  /// The id as JSON text, quotes included.
  [[nodiscard]] std::string_view id() const {
    return std::string_view(text_).substr(kIdOffset, offsets_[0] - 1 - kIdOffset);
  }
  /// `"field":value` without commas around it.
  [[nodiscard]] std::string_view member(model::Field field) const {
    const auto index = static_cast<std::size_t>(field);
    return std::string_view(text_).substr(offsets_[index],
                                          offsets_[index + 1] - offsets_[index] - 1);
  }

 private:
  friend class EntryEncoder;
  static constexpr std::size_t kIdOffset = std::string_view("{\"workspaceId\":").size();
  std::string text_;
  MemberOffsets offsets_;
};

/// An entry as readers see it: a published, immutable state of one workspace. Cheap to copy, safe
/// to keep.
struct PublishedEntry {
  model::WorkspaceId id;
  model::ProjectId project;
  Revision revision = 0;  ///< of its last change: `version` on the wire
  bool hidden = false;    ///< ARCHIVING or ARCHIVED
  model::StatusReasonCode status_reason = model::StatusReasonCode::SETTING_UP;
  std::shared_ptr<const EntryText> text;
  model::WorkspaceStatus status = model::WorkspaceStatus::NEW;
};

}  // namespace sb::snapshot
