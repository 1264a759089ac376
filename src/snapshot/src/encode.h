#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/snapshot/entry.h"

#include "entity.h"

namespace sb::snapshot {

/// Appends the JSON value of one top-level field as it is shown.
void append_shown(std::string& out, const Entity& entity, model::Field field);

/// Encodes entries, each field once per change. Keeps its buffers, so that a change allocates
/// nothing but the text of an entry that somebody else still reads. Thread: confined to the loop.
class EntryEncoder {
 public:
  /// Asks for the memory that publishing an entity touches. Among thousands of them each line is a
  /// cache miss, and one after the other they cost more than the work.
  static void fetch_ahead(const Entity& entity);
  /// The candidates whose text differs from the published one (all, when nothing is published).
  /// Their new texts are kept for `write`.
  model::FieldSet changes(const Entity& entity, model::FieldSet candidates);
  /// The entity asked about last was changed: asking again is not answered from memory.
  void forget() { entity_ = nullptr; }
  /// Publishes what `changes` found last. In place while no reader holds the text, else as a new
  /// one. REQUIRES: `changes` was called for this entity in its present state.
  void write(Entity& entity, std::string_view label);

 private:
  static constexpr std::size_t kUnknownKept = 256;  // texts
  struct Piece {
    model::Field field;
    std::uint32_t begin;
    std::uint32_t end;         // a comma follows
    std::uint32_t longer = 0;  // than what is published, modulo 2^32
  };
  [[nodiscard]] std::string_view text(const Piece& piece) const {
    return std::string_view(buffer_).substr(piece.begin, piece.end - piece.begin);
  }
  [[nodiscard]] std::shared_ptr<const UnknownText> unknown_text(model::FieldSet fields);
  [[nodiscard]] std::string first(const Entity& entity, MemberOffsets& offsets) const;
  bool edit(EntryText& text) const;
  std::size_t rest(const EntryText& old);

  const Entity* entity_ = nullptr;  // asked about last
  model::FieldSet candidates_;
  model::FieldSet changed_;
  std::string buffer_;
  std::vector<Piece> pieces_;  // of the changed fields with a text of the entry's own, in order
  std::string rest_;           // a text from its first change on
  std::string label_;          // as JSON text
  std::string label_of_;
  boost::unordered_flat_map<std::uint64_t, std::shared_ptr<const UnknownText>> unknown_;
  std::size_t unknown_max_ = kUnknownKept;  // more are looked through for some nobody has
};

}  // namespace sb::snapshot
