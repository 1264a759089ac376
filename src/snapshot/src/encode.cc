#include "encode.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"

namespace sb::snapshot {

using model::Field;
using model::FieldSet;

namespace {

// Room for a text: in steps, so that a value that grows by a few bytes still fits, and a block that
// one entry leaves suits another.
std::size_t with_room(std::size_t bytes) {
  constexpr std::size_t kStepBytes = 64;
  constexpr std::size_t kAroundBytes = 9;  // of the allocator, and the final zero
  return (bytes + kAroundBytes + kStepBytes - 1) / kStepBytes * kStepBytes - kAroundBytes;
}

// `"name":` of each field, made once.
const std::array<std::string, model::kFieldCount>& member_heads() {
  static const auto kHeads = [] {
    std::array<std::string, model::kFieldCount> heads;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      heads[i] = "\"" + std::string(model::field_name(static_cast<Field>(i))) + "\":";
    }
    return heads;
  }();
  return kHeads;
}

template <class T, class Keep>
void append_elements(std::string& out, const Elements<T>& elements, Keep&& keep) {
  out += '[';
  bool first = true;
  elements.each_live([&](const auto& slot) {
    if (!keep(slot)) return;
    if (!first) out += ',';
    first = false;
    append_json(out, slot.value);
  });
  out += ']';
}

void append_unknown(std::string& out, model::FieldSet unknown) {
  out += '[';
  bool first = true;
  unknown.each([&](Field field) {
    if (!first) out += ',';
    first = false;
    out += '"';
    out += model::field_name(field);
    out += '"';
  });
  out += ']';
}

}  // namespace

void append_shown(std::string& out, const Entity& entity, Field field) {
  static const model::Facts kDefaults;
  const Shown& shown = entity.shown;
  switch (field) {
    case Field::isWorking:
      return append_json(out, shown.is_working);
    case Field::hasHadSessions:
      return append_json(out, shown.has_had_sessions);
    case Field::pendingRequestType:
      return append_json(out, shown.pending_request_type);
    case Field::ratchetState:
      return append_json(out, shown.ratchet_state);
    case Field::lastActivityAt:
      return append_json(out, shown.last_activity_at);
    case Field::sessionSummaries:
      return append_elements(out, entity.sessions, [](const auto&) { return true; });
    case Field::pendingRequests:
      return append_elements(out, entity.pending,
                             [&](const auto& slot) { return is_request_shown(entity, slot); });
    case Field::terminals:
      return append_elements(out, entity.terminals, [](const auto&) { return true; });
    case Field::sidebarStatus:
      return append_json(out, shown.derived.sidebar_status);
    case Field::kanbanColumn:
      return append_json(out, shown.derived.kanban_column);
    case Field::flowPhase:
      return append_json(out, shown.derived.flow_phase);
    case Field::ciObservation:
      return append_json(out, shown.derived.ci_observation);
    case Field::ratchetButtonAnimated:
      return append_json(out, shown.derived.ratchet_button_animated);
    case Field::statusReason:
      return append_json(out, shown.derived.status_reason);
    case Field::unknownFields:
      return append_unknown(out, shown.unknown);
    default:
      return model::append_fact_json(out, shown.voided.contains(field) ? kDefaults : entity.facts,
                                     field);
  }
}

FieldSet EntryEncoder::changes(const Entity& entity, FieldSet candidates) {
  if (entity_ == &entity && candidates_ == candidates) return changed_;
  entity_ = &entity;
  candidates_ = candidates;
  changed_ = {};
  pieces_.clear();
  buffer_.clear();
  candidates.each([&](Field field) {
    const auto begin = static_cast<std::uint32_t>(buffer_.size());
    buffer_ += member_heads()[static_cast<std::size_t>(field)];
    append_shown(buffer_, entity, field);
    const Piece piece{field, begin, static_cast<std::uint32_t>(buffer_.size())};
    if (entity.text && text(piece) == entity.text->member(field)) {
      buffer_.resize(begin);
    } else {
      pieces_.push_back(piece);
      changed_.insert(field);
    }
  });
  return changed_;
}

void EntryEncoder::write(Entity& entity, std::string_view label) {
  forget();
  tail_ = buffer_.size();
  append_tail(entity, label);
  if (entity.text == nullptr) {
    entity.text = std::make_shared<EntryText>(first(entity));
    return;
  }
  std::size_t bytes = entity.text->offsets_[model::kFieldCount] + tail().size();
  for (const Piece& piece : pieces_) {
    bytes += piece.end - piece.begin;
    bytes -= entity.text->member(piece.field).size();
  }
  if (entity.text.use_count() == 1 && bytes <= entity.text->text_.capacity()) {
    edit(*entity.text);
  } else {
    entity.text = std::make_shared<EntryText>(copy(*entity.text, bytes));
  }
}

EntryText EntryEncoder::first(const Entity& entity) const {
  EntryText made;
  std::string head = "{\"workspaceId\":";
  append_json_string(head, entity.id.view());
  head += ',';
  MemberOffsets::All offsets;
  made.text_.reserve(with_room(head.size() + buffer_.size() + pieces_.size()));
  made.text_ += head;
  for (const Piece& piece : pieces_) {
    offsets[static_cast<std::size_t>(piece.field)] = static_cast<std::uint32_t>(made.text_.size());
    made.text_ += text(piece);
    made.text_ += ',';
  }
  offsets[model::kFieldCount] = static_cast<std::uint32_t>(made.text_.size());
  made.text_ += tail();
  made.offsets_.assign(offsets);
  return made;
}

EntryText EntryEncoder::copy(const EntryText& old, std::size_t bytes) const {
  EntryText made;
  made.text_.reserve(with_room(bytes));
  std::size_t copied = 0;
  for (const Piece& piece : pieces_) {
    const auto index = static_cast<std::size_t>(piece.field);
    made.text_.append(old.text_, copied, old.offsets_[index] - copied);
    made.text_ += text(piece);
    copied = old.offsets_[index + 1] - 1;
  }
  made.text_.append(old.text_, copied, old.offsets_[model::kFieldCount] - copied);
  made.text_ += tail();
  made.offsets_.assign(old.offsets_.all());
  shift(made);
  return made;
}

void EntryEncoder::edit(EntryText& entry) const {
  entry.text_.replace(entry.offsets_[model::kFieldCount], std::string::npos, tail());
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
    const auto index = static_cast<std::size_t>(piece->field);
    const std::size_t begin = entry.offsets_[index];
    entry.text_.replace(begin, entry.offsets_[index + 1] - 1 - begin, text(*piece));
  }
  shift(entry);
}

void EntryEncoder::shift(EntryText& entry) const {
  const MemberOffsets::All old = entry.offsets_.all();
  MemberOffsets::All offsets = old;
  for (const Piece& piece : pieces_) {
    const auto index = static_cast<std::size_t>(piece.field);
    const std::uint32_t longer = piece.end - piece.begin - (old[index + 1] - 1 - old[index]);
    if (longer == 0) continue;  // modulo 2^32: shorter is a large number
    for (std::size_t i = index + 1; i < offsets.size(); ++i) offsets[i] += longer;
  }
  entry.offsets_.assign(offsets);
}

void EntryEncoder::append_millis(WallTime time) {
  if (millis_.value != time || millis_.text.empty()) {
    millis_.value = time;
    millis_.text.clear();
    append_json_int(millis_.text, time.time_since_epoch().count());
  }
  buffer_ += millis_.text;
}

// version, computedAt, source, fieldTimestamps. Their texts hardly differ from one entry to the
// next within the same millisecond.
void EntryEncoder::append_tail(const Entity& entity, std::string_view label) {
  if (iso_.value != entity.computed_at || iso_.text.empty()) {
    iso_.value = entity.computed_at;
    iso_.text.clear();
    append_json(iso_.text, entity.computed_at);
  }
  if (label_.value != label || label_.text.empty()) {
    label_.value = label;
    label_.text.clear();
    append_json_string(label_.text, label);
  }
  buffer_ += "\"version\":";
  append_json_uint(buffer_, entity.revision);
  buffer_ += ",\"computedAt\":";
  buffer_ += iso_.text;
  buffer_ += ",\"source\":";
  buffer_ += label_.text;
  buffer_ += ",\"fieldTimestamps\":{";
  std::size_t group = 0;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<model::FieldGroup>>(
      [&](auto described) {
        if (group != 0) buffer_ += ',';
        buffer_ += '"';
        buffer_ += described.name;
        buffer_ += "\":";
        const WallTime time = entity.group_times.at(group++);
        if (time == WallTime{}) {
          buffer_ += '0';
        } else {
          append_millis(time);
        }
      });
  buffer_ += "}}";
}

}  // namespace sb::snapshot
