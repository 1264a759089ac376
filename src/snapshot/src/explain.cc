#include "sb/snapshot/explain.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/model/fact_codec.h"

#include "encode.h"
#include "entity.h"
#include "rules.h"

namespace sb::snapshot {
namespace {

using model::Field;
using model::Freshness;

template <class T>
std::string json_of(const T& value) {
  std::string text;
  append_json(text, value);
  return text;
}
std::string json_of(bool value) {
  return value ? "true" : "false";
}
std::string json_of(model::StatusReasonCode code) {
  std::string text;
  append_json(text, code);
  return text;
}

// Writes one explanation. Lives for one call.
class Explainer {
 public:
  Explainer(const Store& store, const Entity& entity, const ExplainContext& context)
      : store_(store), entity_(entity), context_(context) {
    (void)settle(entity, &trace_);
  }

  std::string write() {
    json_.begin_object();
    json_.key("workspaceId").string(entity_.id.view());
    json_.key("projectId").string(entity_.facts.projectId.view());
    json_.key("name").string(entity_.facts.name);
    json_.key("epoch").string(store_.epoch()).key("revision").number(entity_.revision);
    json_.key("at").string(to_iso(context_.now));
    write_derived();
    write_dependent();
    write_facts();
    json_.end_object();
    return std::move(out_);
  }

 private:
  void stamp(const model::Stamp& stamp) {
    json_.key("stamp").begin_object().key("epoch").number(stamp.epoch);
    json_.key("sequence").string(std::to_string(stamp.sequence));
    json_.key("arrival").string(std::to_string(stamp.arrival)).end_object();
  }

  // Who stated something, where in its own order, when, and whether that still stands.
  void authority(Field field, SourceId source, const model::Stamp& where, Seen seen) {
    json_.key("authority").begin_object();
    json_.key("source").string(store_.source_name(source));
    json_.key("rank").string(source == SourceId::own ? "own" : "external").end_object();
    stamp(where);
    json_.key("observedAt").string(to_iso(seen.at));
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(context_.now - seen.at);
    json_.key("ageMs").number(std::max<std::int64_t>(age.count(), 0));
    Freshness freshness = Freshness::live;
    if (source == SourceId::own) {
      if (context_.own_health) freshness = context_.own_health(field);
    } else if (where.epoch < store_.current_epoch(source)) {
      freshness = Freshness::stale;  // it has begun a new life since and not said this again
    }
    json_.key("freshness").string(enum_text(freshness));
    const std::string_view label = store_.label_text(seen.label);
    if (label.empty()) {
      json_.key("setBy").null();
    } else {
      json_.key("setBy").string(label);
    }
  }

  void nobody() {
    for (const char* name : {"authority", "stamp", "observedAt", "ageMs"}) json_.key(name).null();
    json_.key("freshness").string(enum_text(Freshness::unknown)).key("setBy").null();
  }

  void other(std::string_view name, const Origin& origin) {
    json_.key(name).begin_object().key("source").string(store_.source_name(origin.source));
    stamp(origin.stamp);
    json_.end_object();
  }

  void write_facts() {
    json_.key("facts").begin_array();
    for (std::size_t i = 0; i < model::kScalarCount; ++i) scalar(static_cast<Field>(i));
    elements(Field::sessionSummaries, entity_.agents->sessions, [](const auto&) { return true; });
    elements(Field::pendingRequests, entity_.agents->pending,
             [&](const auto& slot) { return is_request_shown(entity_, slot); });
    elements(Field::terminals, entity_.agents->terminals, [](const auto&) { return true; });
    json_.end_array();
  }

  void scalar(Field field) {
    std::string value;
    model::append_fact_json(value, entity_.facts, field);
    std::string shown;
    append_shown(shown, entity_, field);
    json_.begin_object().key("field").string(model::field_name(field)).key("value").raw(value);
    if (shown != value) json_.key("shown").raw(shown);
    if (const Origin* origin = entity_.origins.holder(field)) {
      authority(field, origin->source, origin->stamp, entity_.origins.seen(field));
    } else {
      nobody();
    }
    for (const auto& [voided, since] : trace_.voided) {
      if (voided != field) continue;
      json_.key("voided").begin_object();
      json_.key("why").string("it speaks of an earlier pull request");
      other("present", since);
      json_.end_object();
    }
    json_.end_object();
  }

  template <class T, class Counts>
  void elements(Field field, const Elements<T>& list, Counts&& counts) {
    if (!list.reported()) {
      json_.begin_object().key("field").string(model::field_name(field)).key("value").raw("[]");
      nobody();
      json_.end_object();
    }
    list.each_live([&](const auto& slot) {
      json_.begin_object().key("field").string(model::field_name(field));
      json_.key("element").string(slot.id).key("value").raw(json_of(slot.value));
      if (!counts(slot)) json_.key("shown").null();  // its session ended after it was raised
      authority(field, slot.holder, slot.stamp(), {slot.at, slot.label});
      json_.end_object();
    });
  }

  void write_dependent() {
    json_.key("dependent").begin_array();
    for (const auto& one : trace_.dependent) {
      std::string shown;
      append_shown(shown, entity_, one.field);
      json_.begin_object().key("field").string(model::field_name(one.field));
      json_.key("value").raw(shown).key("stated").boolean(one.stated);
      json_.key("counts").boolean(one.counts).key("why").string(why(one));
      if (one.newer) other("newer", *one.newer);
      json_.end_object();
    }
    last_activity();
    json_.end_array();
  }

  [[nodiscard]] static std::string_view follows_from(Field field) {
    switch (field) {
      case Field::isWorking:
        return "the sessions";
      case Field::hasHadSessions:
        return "what sessions showed";
      case Field::pendingRequestType:
        return "the pending requests";
      default:
        return "auto-fix and the pull request";
    }
  }

  [[nodiscard]] std::string why(const SettleTrace::Dependent& one) const {
    const std::string from(follows_from(one.field));
    if (!one.stated) return "nobody stated it: follows from " + from;
    if (one.counts) return "stated, and nothing it depends on is newer";
    if (one.newer_field) {
      return "stated before " + std::string(model::field_name(*one.newer_field)) +
             " was: follows from " + from;
    }
    if (one.newer) return "stated before what it depends on: follows from " + from;
    return "stated of an earlier pull request: follows from " + from;
  }

  // The latest of three; which, is found by comparing with what was settled.
  void last_activity() {
    const auto& latest = entity_.shown.last_activity_at;
    const bool stated = entity_.origins.holder(Field::lastActivityAt) != nullptr;
    const bool counts = latest && stated && entity_.facts.lastActivityAt == latest;
    std::string reason = "nobody told of any activity";
    if (counts) {
      reason = "stated, and no session or terminal was active later";
    } else if (latest) {
      reason = "the latest activity of a session or terminal";
      entity_.agents->sessions.each_live([&](const auto& slot) {
        if (slot.value.updatedAt == *latest) reason = "the latest activity: session " + slot.id;
      });
      entity_.agents->terminals.each_live([&](const auto& slot) {
        if (slot.value.lastActivityAt == latest)
          reason = "the latest activity: terminal " + slot.id;
      });
    }
    json_.begin_object().key("field").string(model::field_name(Field::lastActivityAt));
    json_.key("value").raw(json_of(latest)).key("stated").boolean(stated);
    json_.key("counts").boolean(counts).key("why").string(reason).end_object();
  }

  void write_derived() {
    const Derived& shown = entity_.shown.derived;
    RuleInput in{trace_.input, shown.ci_observation, shown.flow_phase};
    json_.key("derived").begin_array();
    table("statusReason", rules::kStatusReason, in, json_of(shown.status_reason));
    column();
    table("flowPhase", rules::kFlowPhase, in, json_of(shown.flow_phase));
    table("ciObservation", rules::kCiObservation, in, json_of(shown.ci_observation));
    table("sidebarStatus.activityState", rules::kSidebarActivity, in,
          json_of(shown.sidebar_status.activityState));
    table("sidebarStatus.ciState", rules::kSidebarCi, in, json_of(shown.sidebar_status.ciState));
    table("ratchetButtonAnimated", rules::kRatchetButtonAnimated, in,
          json_of(shown.ratchet_button_animated));
    const bool ratchet_stated =
        std::any_of(trace_.dependent.begin(), trace_.dependent.end(),
                    [](const auto& one) { return one.field == Field::ratchetState && one.counts; });
    if (!ratchet_stated) {
      table("ratchetState", rules::kRatchetState, trace_.ratchet,
            json_of(entity_.shown.ratchet_state));
    }
    json_.end_array();
  }

  // Walks a table as derivation does: everything up to the first rule that holds.
  template <class Table, class Input>
  void table(std::string_view field, const Table& table, const Input& in,
             const std::string& value) {
    json_.begin_object().key("field").string(field).key("value").raw(value);
    const auto decided =
        std::find_if(table.begin(), table.end(), [&](const auto& rule) { return rule.holds(in); });
    json_.key("rule").string(decided->name).key("gives").raw(json_of(decided->value));
    json_.key("tried").begin_array();
    for (auto rule = table.begin(); rule != decided; ++rule) {
      json_.begin_object().key("rule").string(rule->name);
      json_.key("gives").raw(json_of(rule->value)).end_object();
    }
    json_.end_array().end_object();
  }

  void column() {
    const auto code = entity_.shown.derived.status_reason.code;
    const std::string value = json_of(entity_.shown.derived.kanban_column);
    json_.begin_object().key("field").string("kanbanColumn").key("value").raw(value);
    json_.key("rule").string("the column of " + std::string(enum_text(code)));
    json_.key("gives").raw(value).key("tried").begin_array().end_array().end_object();
  }

  const Store& store_;
  const Entity& entity_;
  const ExplainContext& context_;
  SettleTrace trace_;
  std::string out_;
  JsonWriter json_{out_};
};

void append_value(JsonWriter& json, std::string_view name, std::string_view cut_name,
                  const HistoryRing::Before& value) {
  json.key(name);
  if (!value.cut) {
    json.raw(value.text);
    return;
  }
  json.string(value.text).key(cut_name).boolean(true);
}

}  // namespace

std::optional<std::string> explain_json(const Store& store, const model::WorkspaceId& id,
                                        const ExplainContext& context) {
  const Entity* entity = store.entity(id);
  if (entity == nullptr) return std::nullopt;
  return Explainer(store, *entity, context).write();
}

std::optional<std::string> history_json(const Store& store, const model::WorkspaceId& id) {
  const Entity* entity = store.entity(id);
  if (entity == nullptr) return std::nullopt;
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("workspaceId").string(id.view());
  json.key("name").string(entity->facts.name);
  json.key("epoch").string(store.epoch()).key("revision").number(entity->revision);
  json.key("createdRevision").number(entity->created_revision);
  json.key("complete").boolean(entity->history == nullptr || entity->history->complete());
  json.key("transitions").begin_array();
  std::array<HistoryRing::Before, model::kFieldCount> after;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const std::string_view now = value_of_member(*entity->text, static_cast<Field>(i));
    after[i] = {now.substr(0, kHistoryTextBytesMax), now.size() > kHistoryTextBytesMax};
  }
  const auto transitions = entity->history == nullptr ? std::vector<HistoryRing::Transition>{}
                                                      : entity->history->transitions();
  for (const HistoryRing::Transition& one : std::views::reverse(transitions)) {
    json.begin_object().key("revision").number(one.moment.revision);
    json.key("at").string(to_iso(one.moment.at)).key("source").string(one.moment.label);
    json.key("changes").begin_array();
    std::size_t index = 0;
    one.fields.each([&](Field field) {
      const HistoryRing::Before& before = one.before[index++];
      HistoryRing::Before& next = after[static_cast<std::size_t>(field)];
      json.begin_object().key("field").string(model::field_name(field));
      append_value(json, "before", "beforeCut", before);
      append_value(json, "after", "afterCut", next);
      json.end_object();
      next = before;
    });
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace sb::snapshot
