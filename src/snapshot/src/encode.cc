#include "encode.h"

#include <array>
#include <chrono>
#include <cstddef>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"

namespace sb::snapshot {
namespace {

using model::Field;

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

void append_tail(std::string& out, const Entity& entity) {
  out += "\"version\":";
  append_json_uint(out, entity.revision);
  out += ",\"computedAt\":";
  append_json(out, entity.computed_at);
  out += ",\"source\":";
  append_json_string(out, entity.label);
  out += ",\"fieldTimestamps\":{";
  std::size_t group = 0;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<model::FieldGroup>>(
      [&](auto described) {
        if (group != 0) out += ',';
        out += '"';
        out += described.name;
        out += "\":";
        append_json_int(out, entity.group_times.at(group++).time_since_epoch().count());
      });
  out += "}}";
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

std::shared_ptr<const EntryText> encode_entry(const Entity& entity, model::FieldSet changed) {
  constexpr std::size_t kHeadroomBytes = 256;
  const EntryText* old = entity.text.get();
  std::string text;
  text.reserve((old != nullptr ? old->complete().size() : 2'048) + kHeadroomBytes);
  std::array<std::uint32_t, model::kFieldCount + 1> offsets;
  text += "{\"workspaceId\":";
  append_json_string(text, entity.id.view());
  text += ',';
  for (std::size_t i = 0; i < model::kFieldCount; ++i) {
    offsets[i] = static_cast<std::uint32_t>(text.size());
    const auto field = static_cast<Field>(i);
    if (changed.contains(field)) {
      text += member_heads()[i];
      append_shown(text, entity, field);
    } else {
      text += old->member(field);
    }
    text += ',';
  }
  offsets[model::kFieldCount] = static_cast<std::uint32_t>(text.size());
  append_tail(text, entity);
  text.shrink_to_fit();
  return std::make_shared<EntryText>(std::move(text), offsets);
}

}  // namespace sb::snapshot
