#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sb/snapshot/entry.h"

#include "entity.h"

namespace sb::snapshot {

/// Appends the JSON value of one top-level field as it is shown.
void append_shown(std::string& out, const Entity& entity, model::Field field);

/// Encodes entries, each field once per change. Keeps its buffers, so that a change allocates
/// nothing but the text of an entry that somebody else still reads. Thread: confined to the loop.
class EntryEncoder {
 public:
  /// The candidates whose text differs from the published one (all, when nothing is published).
  /// Their new texts are kept for `write`.
  model::FieldSet changes(const Entity& entity, model::FieldSet candidates);
  /// The entity asked about last was changed: asking again is not answered from memory.
  void forget() { entity_ = nullptr; }
  /// Publishes what `changes` found last. In place while no reader holds the text, else as a new
  /// one. REQUIRES: `changes` was called for this entity in its present state.
  void write(Entity& entity, std::string_view label);

 private:
  struct Piece {
    model::Field field;
    std::uint32_t begin;
    std::uint32_t end;
  };
  /// A text that is asked for again and again, with the value it was made of.
  template <class T>
  struct Memo {
    T value{};
    std::string text;
  };
  [[nodiscard]] std::string_view text(const Piece& piece) const {
    return std::string_view(buffer_).substr(piece.begin, piece.end - piece.begin);
  }
  [[nodiscard]] std::string_view tail() const { return std::string_view(buffer_).substr(tail_); }
  void append_tail(const Entity& entity, std::string_view label);
  void append_millis(WallTime time);
  [[nodiscard]] EntryText first(const Entity& entity) const;
  [[nodiscard]] EntryText copy(const EntryText& old, std::size_t bytes) const;
  void edit(EntryText& text) const;
  void shift(EntryText& text) const;

  const Entity* entity_ = nullptr;  // asked about last
  model::FieldSet candidates_;
  model::FieldSet changed_;
  std::string buffer_;
  std::vector<Piece> pieces_;  // of the changed fields, in order
  std::size_t tail_ = 0;       // where what follows the fields begins in `buffer_`
  Memo<WallTime> iso_;
  Memo<WallTime> millis_;
  Memo<std::string> label_;
};

}  // namespace sb::snapshot
