#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/snapshot/entry.h"

namespace sb::snapshot {

inline constexpr std::size_t kHistoryTransitionsMax = 64;      // of one workspace
inline constexpr std::size_t kHistoryTextBytesMax = 512;       // of one value; a longer one is cut
inline constexpr std::size_t kHistoryBytesMax = 16U << 10U;    // of one workspace
inline constexpr std::size_t kHistoryBytesTotal = 32U << 20U;  // of all workspaces

/// How much one of `entries` workspaces may keep, so that all stay within the total.
[[nodiscard]] constexpr std::size_t history_share(std::size_t entries) {
  std::size_t share = kHistoryBytesMax;
  while (share * entries > kHistoryBytesTotal) share /= 2;
  return share;
}

/// The latest visible changes of one workspace: for each what the changed fields showed before.
/// What they showed afterwards is what the next change of the field found, or what is shown now, so
/// that a change is kept by one copy of short texts. Thread: confined to the loop, inside the
/// store.
class HistoryRing {
 public:
  struct Moment {
    Revision revision = 0;
    WallTime at{};
    std::string_view label;
  };
  struct Before {
    std::string_view text;  ///< JSON, or its beginning when `cut`
    bool cut = false;
  };
  struct Transition {
    Moment moment;
    model::FieldSet fields;
    std::vector<Before> before;  ///< one for each of `fields`, in order
  };

  /// Remembers that `fields` of `text` are about to change. Drops the oldest transitions when more
  /// than `share` bytes or kHistoryTransitionsMax would be held.
  void append(const Moment& moment, model::FieldSet fields, const EntryText& text,
              std::size_t share);
  /// Keeps no more than `share` bytes.
  void shrink(std::size_t share);
  /// Oldest first. Valid until the next append.
  [[nodiscard]] std::vector<Transition> transitions() const;
  /// True while nothing had to be dropped.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Where the next transition goes, if it fits.
  [[nodiscard]] const char* end() const { return bytes_.data() + bytes_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.capacity(); }

 private:
  void drop_oldest(std::size_t bytes_max, std::size_t transitions_max);

  std::vector<char> bytes_;  // records one after the other, oldest first
  std::uint32_t count_ = 0;
  bool complete_ = true;
};

/// A value as JSON text without its name: what `member` of an entry's text holds.
[[nodiscard]] std::string_view value_of_member(const EntryText& text, model::Field field);

}  // namespace sb::snapshot
