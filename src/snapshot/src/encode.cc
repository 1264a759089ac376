#include "encode.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <tuple>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"

#include "short_text.h"

namespace sb::snapshot {

using namespace std::string_view_literals;  // appending a text of known length takes no strlen

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

// Shown otherwise than as the raw fact.
constexpr FieldSet kShownApart{Field::isWorking, Field::hasHadSessions, Field::pendingRequestType,
                               Field::ratchetState, Field::lastActivityAt};

// `"name":value,` of each scalar that nobody reported, made once.
const std::array<std::string, model::kScalarCount>& default_members() {
  static const auto kMembers = [] {
    std::array<std::string, model::kScalarCount> members;
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i] = member_heads()[i];
      model::append_fact_json(members[i], model::Facts{}, static_cast<Field>(i));
      members[i] += ',';
    }
    return members;
  }();
  return kMembers;
}

// What stands before the time of each group.
const std::array<ShortText, std::tuple_size_v<GroupTimes>>& group_heads() {
  static const auto kHeads = [] {
    std::array<ShortText, std::tuple_size_v<GroupTimes>> heads;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      std::string head = i == 0 ? "\"" : ",\"";
      head.append(enum_text(static_cast<model::FieldGroup>(i))).append("\":");
      heads[i].assign(head);
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
      return append_elements(out, entity.agents->sessions, [](const auto&) { return true; });
    case Field::pendingRequests:
      return append_elements(out, entity.agents->pending,
                             [&](const auto& slot) { return is_request_shown(entity, slot); });
    case Field::terminals:
      return append_elements(out, entity.agents->terminals, [](const auto&) { return true; });
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

void EntryEncoder::fetch_ahead(const Entity& entity) {
  constexpr std::size_t kLineBytes = 64;
  constexpr std::size_t kRecordBytes = 384;  // of history, as most changes are
  const auto fetch = [](const void* from, std::size_t bytes) {
    const auto* at = static_cast<const char*>(from);
    for (std::size_t i = 0; i < bytes; i += kLineBytes) __builtin_prefetch(at + i);
  };
  // These two are looked into below: they come in together, while the entity is asked for.
  __builtin_prefetch(entity.text.get());
  __builtin_prefetch(entity.history.get());
  fetch(&entity, sizeof entity);
  if (entity.text != nullptr) fetch(entity.text->text_.data(), entity.text->text_.size());
  if (entity.history != nullptr) fetch(entity.history->end(), kRecordBytes);
}

FieldSet EntryEncoder::changes(const Entity& entity, FieldSet candidates) {
  if (entity_ == &entity && candidates_ == candidates) return changed_;
  entity_ = &entity;
  candidates_ = candidates;
  changed_ = {};
  pieces_.clear();
  buffer_.clear();
  const auto& heads = member_heads();
  const auto& defaults = default_members();
  const FieldSet unreported = model::scalar_fields() & ~entity.origins.known() & ~kShownApart;
  (candidates & ~FieldSet{Field::unknownFields}).each([&](Field field) {
    const auto begin = static_cast<std::uint32_t>(buffer_.size());
    if (unreported.contains(field)) {
      buffer_ += defaults[static_cast<std::size_t>(field)];
    } else {
      buffer_ += heads[static_cast<std::size_t>(field)];
      append_shown(buffer_, entity, field);
      buffer_ += ',';
    }
    const Piece piece{field, begin, static_cast<std::uint32_t>(buffer_.size() - 1)};
    if (entity.text && text(piece) == entity.text->member(field)) {
      buffer_.resize(begin);
    } else {
      pieces_.push_back(piece);
      changed_.insert(field);
    }
  });
  if (candidates.contains(Field::unknownFields) &&
      !(entity.text && entity.text->unknown_->fields == entity.shown.unknown)) {
    changed_.insert(Field::unknownFields);
  }
  return changed_;
}

void EntryEncoder::write(Entity& entity, std::string_view label) {
  forget();
  if (label_of_ != label || label_.empty()) {
    label_of_ = label;
    label_.clear();
    append_json_string(label_, label);
  }
  if (entity.text == nullptr) {
    entity.text = std::make_shared<EntryText>();
    entity.text->text_ = first(entity, entity.text->offsets_);
  } else if (entity.text.use_count() != 1 || !edit(*entity.text)) {
    const EntryText& old = *entity.text;
    const std::size_t kept = rest(old);
    if (entity.text.use_count() == 1 && kept + rest_.size() <= old.text_.capacity()) {
      entity.text->text_.replace(kept, std::string::npos, rest_);
    } else {
      auto made = std::make_shared<EntryText>();
      made->text_.reserve(with_room(kept + rest_.size()));
      made->text_.append(old.text_, 0, kept).append(rest_);
      made->offsets_ = old.offsets_;
      made->unknown_ = old.unknown_;
      entity.text = std::move(made);
    }
    for (const Piece& piece : pieces_) {
      entity.text->offsets_.lengthen(static_cast<std::size_t>(piece.field), piece.longer);
    }
  }
  EntryText& text = *entity.text;
  if (text.unknown_ == nullptr || !(text.unknown_->fields == entity.shown.unknown)) {
    text.unknown_ = unknown_text(entity.shown.unknown);
  }
  text.revision_ = entity.revision;
  text.computed_at_ = entity.computed_at;
  text.group_times_ = entity.group_times;
}

// Changes one member and the label where they are. False: it is not one, or there is no room.
bool EntryEncoder::edit(EntryText& text) const {
  if (pieces_.size() != 1) return false;
  const std::string_view made = this->text(pieces_.front());
  const auto index = static_cast<std::size_t>(pieces_.front().field);
  const std::size_t begin = text.offsets_[index];
  const std::size_t bytes = text.offsets_[index + 1] - 1 - begin;
  const std::size_t end = text.offsets_[kOwnFieldCount] - bytes + made.size();
  const std::size_t room = text.text_.capacity();
  if (end + label_.size() > room || text.text_.size() - bytes + made.size() > room) return false;
  text.text_.replace(begin, bytes, made);
  if (std::string_view(text.text_).substr(end) != label_) {
    text.text_.replace(end, std::string::npos, label_);
  }
  if (made.size() != bytes) {
    text.offsets_.lengthen(index, static_cast<std::uint32_t>(made.size() - bytes));
  }
  return true;
}

std::string EntryEncoder::first(const Entity& entity, MemberOffsets& offsets) const {
  std::string made = "{\"workspaceId\":";
  append_json_string(made, entity.id.view());
  made.reserve(with_room(made.size() + 1 + buffer_.size() + label_.size()));
  made += ',';
  const auto begin = static_cast<std::uint32_t>(made.size());
  made.append(buffer_).append(label_);
  MemberOffsets::All all;
  for (const Piece& piece : pieces_) {
    all[static_cast<std::size_t>(piece.field)] = begin + piece.begin;
  }
  all[kOwnFieldCount] = begin + static_cast<std::uint32_t>(buffer_.size());
  offsets.assign(all);
  return made;
}

// Makes what follows the unchanged beginning of a text, and notes by how much its members grew.
// Answers how long that beginning is.
std::size_t EntryEncoder::rest(const EntryText& old) {
  const std::size_t end = old.offsets_[kOwnFieldCount];
  const std::size_t kept =
      pieces_.empty() ? end : old.offsets_[static_cast<std::size_t>(pieces_.front().field)];
  rest_.clear();
  std::size_t copied = kept;
  for (Piece& piece : pieces_) {
    const auto index = static_cast<std::size_t>(piece.field);
    const std::uint32_t begin = old.offsets_[index];
    const std::uint32_t after = old.offsets_[index + 1] - 1;
    rest_.append(old.text_, copied, begin - copied).append(text(piece));
    copied = after;
    piece.longer = piece.end - piece.begin - (after - begin);
  }
  rest_.append(old.text_, copied, end - copied).append(label_);
  return kept;
}

std::shared_ptr<const UnknownText> EntryEncoder::unknown_text(FieldSet fields) {
  auto& held = unknown_[fields.bits()];
  if (held != nullptr) return held;
  auto made = std::make_shared<UnknownText>();
  made->fields = fields;
  made->member = member_heads()[static_cast<std::size_t>(Field::unknownFields)];
  append_unknown(made->member, fields);
  held = made;
  if (unknown_.size() > unknown_max_) {
    erase_if(unknown_, [](const auto& one) { return one.second.use_count() == 1; });
    unknown_max_ = std::max(kUnknownKept, 2 * unknown_.size());
  }
  return made;
}

void EntryText::append_complete(std::string& out) const {
  append_plain(out);
  ShortTexts<3> numbers;
  numbers.add(",\"version\":"sv).add_decimal(revision_).add(",\"computedAt\":\""sv);
  out += numbers.text();
  append_iso(out, computed_at_);
  out += "\",\"source\":"sv;
  out.append(text_, offsets_[kOwnFieldCount]);
  ShortTexts<2 + 2 * std::tuple_size_v<GroupTimes>> times;
  times.add(",\"fieldTimestamps\":{"sv);
  // Most groups moved at the same time, or never.
  WallTime last{};
  ShortText never;
  never.assign("0");
  ShortText digits = never;
  const auto& heads = group_heads();
  for (std::size_t group = 0; group < group_times_.size(); ++group) {
    const WallTime time = group_times_[group];
    if (time != WallTime{} && time != last) {
      last = time;
      digits.assign_decimal(last.time_since_epoch().count());
    }
    times.add(heads[group]).add(time == WallTime{} ? never : digits);
  }
  out += times.add("}}"sv).text();
}

}  // namespace sb::snapshot
