#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sb/core/clock.h"
#include "sb/model/enums.h"
#include "sb/model/field.h"
#include "sb/model/ids.h"

namespace sb::snapshot {

using Revision = std::uint64_t;

/// The highest revision of one epoch: the largest whole number every JSON reader keeps exactly
/// (protocol, section 1).
inline constexpr Revision kRevisionMax = (Revision{1} << 53U) - 1;

class EntryEncoder;  // inside this room only

/// In order of FieldGroup: when a member of the group last moved visibly.
using GroupTimes = std::array<WallTime, 6>;

/// How many fields an entry's own text holds: all but the last, unknownFields.
inline constexpr std::size_t kOwnFieldCount = model::kFieldCount - 1;
static_assert(static_cast<std::size_t>(model::Field::unknownFields) == kOwnFieldCount);

/// Where each member of a text begins, one more for the end of the last: in 16 bits while the text
/// is short, as nearly all are. Thread: a value.
class MemberOffsets {
 public:
  using All = std::array<std::uint32_t, kOwnFieldCount + 1>;
  MemberOffsets() = default;
  MemberOffsets(const MemberOffsets& other)
      : narrow_(other.narrow_),
        wide_(other.wide_ ? std::make_unique<All>(*other.wide_) : nullptr) {}
  MemberOffsets& operator=(const MemberOffsets& other) {
    narrow_ = other.narrow_;
    wide_ = other.wide_ ? std::make_unique<All>(*other.wide_) : nullptr;
    return *this;
  }
  ~MemberOffsets() = default;

  [[nodiscard]] std::uint32_t operator[](std::size_t index) const {
    return wide_ ? (*wide_)[index] : narrow_[index];
  }
  void assign(const All& offsets) {
    if (offsets.back() > kNarrowMax) {
      wide_ = std::make_unique<All>(offsets);
    } else {
      wide_.reset();
      for (std::size_t i = 0; i < offsets.size(); ++i) {
        narrow_[i] = static_cast<std::uint16_t>(offsets[i]);
      }
    }
  }
  /// The member `index` became longer by so many bytes, modulo 2^32: shorter is a large number.
  void lengthen(std::size_t index, std::uint32_t bytes) {
    if (wide_ == nullptr && narrow_[kOwnFieldCount] + bytes <= kNarrowMax) {
      // All of them, and a whole number of vectors: no branch for any.
      std::uint16_t* const offsets = narrow_.data();
      const auto behind = static_cast<std::uint16_t>(index);
      const auto longer = static_cast<std::uint16_t>(bytes);
      for (std::uint16_t i = 0; i < kRoom; ++i) {
        offsets[i] = static_cast<std::uint16_t>(offsets[i] + (i > behind ? longer : 0));
      }
      return;
    }
    All offsets;
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      offsets[i] = (*this)[i] + (i > index ? bytes : 0);
    }
    assign(offsets);
  }

 private:
  static constexpr std::uint32_t kNarrowMax = 0xFFFF;
  static constexpr std::uint16_t kRoom = (kOwnFieldCount + 8) / 8 * 8;
  std::array<std::uint16_t, kRoom> narrow_{};  // one for each offset, and some more
  std::unique_ptr<All> wide_;
};

/// `"unknownFields":[…]`: one text for all entries that know the same fields. Thread: immutable.
struct UnknownText {
  model::FieldSet fields;
  std::string member;
};

/// The published text of one entry at one revision: each field encoded once, shared by every
/// reader. Complete, it is the entry of the contract (dialect 1 and the snapshot read); each
/// field's slice is
/// `"name":value`, so a patch is a join of slices. What differs with every change (version,
/// computedAt, source, fieldTimestamps) becomes text only when somebody reads it.
/// Thread: confined to the loop; never changes while somebody besides the store holds it.
class EntryText {
 public:
  /// Appends the complete entry with version, computedAt, source and fieldTimestamps.
  void append_complete(std::string& out) const;
  [[nodiscard]] std::string complete() const {
    std::string text;
    append_complete(text);
    return text;
  }
  /// Never less than what `append_complete` writes.
  [[nodiscard]] std::size_t complete_bytes_max() const {
    return text_.size() + unknown_->member.size() + kTailBytesMax;
  }
  /// Appends the complete entry without those four, and without its closing brace.
  void append_plain(std::string& out) const {
    out.append(text_, 0, offsets_[kOwnFieldCount]).append(unknown_->member);
  }
  /// The same as a text of its own.
  [[nodiscard]] std::string plain() const {
    std::string text;
    append_plain(text);
    return text;
  }
  [[nodiscard]] std::size_t plain_bytes() const {
    return offsets_[kOwnFieldCount] + unknown_->member.size();
  }
  /// The id as JSON text, quotes included.
  [[nodiscard]] std::string_view id() const {
    return std::string_view(text_).substr(kIdOffset, offsets_[0] - 1 - kIdOffset);
  }
  /// When it was made.
  [[nodiscard]] WallTime computed_at() const { return computed_at_; }
  /// `"field":value` without commas around it.
  [[nodiscard]] std::string_view member(model::Field field) const {
    if (field == model::Field::unknownFields) return unknown_->member;
    const auto index = static_cast<std::size_t>(field);
    return std::string_view(text_).substr(offsets_[index],
                                          offsets_[index + 1] - offsets_[index] - 1);
  }

 private:
  friend class EntryEncoder;
  static constexpr std::size_t kIdOffset = std::string_view("{\"workspaceId\":").size();
  static constexpr std::size_t kTailBytesMax = 320;  // bytes of the four but for the label

  std::string text_;       // the id and the members, a comma after each; then the label as JSON
  MemberOffsets offsets_;  // the last is where the label begins
  std::shared_ptr<const UnknownText> unknown_;
  Revision revision_ = 0;
  WallTime computed_at_{};
  GroupTimes group_times_{};
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
