#include "schemas.h"

#include <cstddef>
#include <string_view>

#include "sb/core/json_writer.h"
#include "sb/model/event.h"

#include "model_types.h"

namespace sb::gen {
namespace {

/// Answers have every member but those left out when empty. Input may leave out more, and says so
/// under a name of its own.
enum class Side { answer, input };

using InputRecords = mp11::mp_list<model::LastExit, model::SessionSummary, model::PendingRequest,
                                   model::Terminal, model::GitStats, model::Problem>;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string reference(const std::string& name) {
  return R"({"$ref":"#/components/schemas/)" + name + "\"}";
}

std::string nullable(const std::string& schema) {
  return R"({"anyOf":[)" + schema + R"(,{"type":"null"}]})";
}

template <class T>
std::string schema_of(Side side) {
  if constexpr (detail::IsOpinion<T>::value) {
    return schema_of<typename T::value_type>(side);
  } else if constexpr (Unwrap<T>::optional) {
    return nullable(schema_of<typename Unwrap<T>::type>(side));
  } else if constexpr (IsVector<T>::value) {
    return R"({"type":"array","items":)" + schema_of<typename T::value_type>(side) + "}";
  } else if constexpr (std::is_same_v<T, bool>) {
    return R"({"type":"boolean"})";
  } else if constexpr (std::is_integral_v<T>) {
    return R"({"type":"integer"})";
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return R"({"type":"string","format":"date-time"})";
  } else if constexpr (kIsText<T>) {
    return R"({"type":"string"})";
  } else if constexpr (std::is_enum_v<T>) {
    return reference(type_name<T>());
  } else {
    return reference(type_name<T>() + (side == Side::input ? "Input" : ""));
  }
}

template <class Record, class Member>
bool is_required(Side side, std::string_view name) {
  if (side == Side::answer) return !is_omitted_when_empty<Record>(name);
  const bool may_be_absent = detail::IsOpinion<Member>::value ||
                             (Unwrap<Member>::optional && !detail::is_strict<Record>());
  return !may_be_absent && !detail::is_defaulted<Record>(name);
}

/// The members of an object, one a line.
class Object {
 public:
  void add(std::string_view name, const std::string& schema, bool required) {
    properties_ += (properties_.empty() ? "" : ",\n") + ("      " + quoted(name)) + ": " + schema;
    if (required) required_ += (required_.empty() ? "" : ", ") + quoted(name);
  }
  template <class Record>
  void add_members(Side side, bool all_optional = false) {
    mp11::mp_for_each<describe::describe_members<Record, describe::mod_public>>(
        [&](auto described) {
          using T = std::remove_cvref_t<decltype(std::declval<Record>().*described.pointer)>;
          const std::string_view name = described.name;
          // Empty when unknown.
          const bool created = std::is_same_v<Record, model::Facts> && name == "createdAt";
          add(name, created ? R"({"type":"string"})" : schema_of<T>(side),
              !all_optional && is_required<Record, T>(side, name));
        });
  }
  [[nodiscard]] std::string text() const {
    return "{\"type\": \"object\",\n    \"required\": [" + required_ +
           "],\n    \"properties\": {\n" + properties_ + "\n    }}";
  }

 private:
  std::string properties_;
  std::string required_;
};

/// What `data` of each event is. The types whose members are read by hand have a shape here.
template <class Data>
std::string data_of() {
  Object object;
  if constexpr (std::is_same_v<Data, model::SessionChanged>) {
    return reference("SessionSummaryInput");
  } else if constexpr (std::is_same_v<Data, model::SessionPendingRequestChanged>) {
    object.add("sessionId", R"({"type":"string"})", true);
    object.add("requestId", R"({"type":"string"})", true);
    object.add("pending", R"({"type":"boolean"})", true);
    object.add("toolName", R"({"type":["string","null"]})", false);
    object.add("input", "{}", false);
  } else if constexpr (std::is_same_v<Data, model::SnapshotFacts>) {
    object.add_members<model::Facts>(Side::input, true);
    object.add("sessionSummaries", schema_of<std::vector<model::SessionSummary>>(Side::input),
               false);
    object.add("pendingRequests", schema_of<std::vector<model::PendingRequest>>(Side::input),
               false);
    object.add("terminals", schema_of<std::vector<model::Terminal>>(Side::input), false);
  } else if constexpr (std::is_same_v<Data, model::WorkspaceRemoved>) {
    return "{}";
  } else {
    object.add_members<Data>(Side::input);
  }
  return object.text();
}

class SchemaPrinter {
 public:
  std::string print() {
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Enums>>([&](auto identity) {
      using E = typename decltype(identity)::type;
      std::string values;
      mp11::mp_for_each<describe::describe_enumerators<E>>(
          [&](auto described) { values += (values.empty() ? "" : ", ") + quoted(described.name); });
      add(type_name<E>(), R"({"type": "string", "enum": [)" + values + "]}");
    });
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Records>>(
        [&](auto identity) { add_record<typename decltype(identity)::type>(Side::answer); });
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, InputRecords>>(
        [&](auto identity) { add_record<typename decltype(identity)::type>(Side::input); });
    add_entries();
    add_events();
    return "{\n" + out_ + "\n}\n";
  }

 private:
  void add(const std::string& name, const std::string& schema) {
    out_ += (out_.empty() ? "  " : ",\n  ") + quoted(name) + ": " + schema;
  }

  template <class Record>
  void add_record(Side side) {
    Object object;
    object.add_members<Record>(side);
    add(type_name<Record>() + (side == Side::input ? "Input" : ""), object.text());
  }

  void add_entries() {
    Object stamps;
    mp11::mp_for_each<describe::describe_enumerators<model::FieldGroup>>(
        [&](auto described) { stamps.add(described.name, R"({"type":"integer"})", true); });
    add("FieldTimestamps", stamps.text());
    Object entry;
    entry.add("workspaceId", R"({"type":"string"})", true);
    entry.add_members<model::Facts>(Side::answer);
    entry.add_members<NotScalar>(Side::answer);
    entry.add_members<Managed>(Side::answer);
    entry.add("fieldTimestamps", reference("FieldTimestamps"), true);
    add("Entry", entry.text());
    Object shaped;
    shaped.add("workspaceId", R"({"type":"string"})", true);
    shaped.add_members<model::Facts>(Side::answer, true);
    shaped.add_members<NotScalar>(Side::answer, true);
    add("ViewEntry", shaped.text());
  }

  void add_events() {
    constexpr std::string_view kId = R"({"type":"string","minLength":1,"maxLength":256})";
    std::string types;
    std::string cases;
    mp11::mp_for_each<mp11::mp_iota_c<model::kEventTypes.size()>>([&](auto index) {
      using Data = std::variant_alternative_t<index, model::EventData>;
      const std::string type = quoted(model::kEventTypes.at(index));
      add(type_name<Data>(), data_of<Data>());
      types += (types.empty() ? "" : ", ") + type;
      std::string needed = std::is_same_v<Data, model::SourceSynced> ? "" : R"("subject")";
      if (!std::is_same_v<Data, model::WorkspaceRemoved>) {
        needed += needed.empty() ? R"("data")" : R"(, "data")";
      }
      cases += cases.empty() ? "\n      " : ",\n      ";
      cases += R"({"if": {"properties": {"type": {"const": )" + type +
               R"(}}}, "then": {"required": [)" + needed + R"(], "properties": {"data": )" +
               reference(type_name<Data>()) + "}}}";
    });
    Object event;
    event.add("specversion", R"({"const":"1.0"})", true);
    for (const char* name : {"id", "source"}) event.add(name, std::string(kId), true);
    event.add("type", R"({"type":"string","enum":[)" + types + "]}", true);
    event.add("subject", std::string(kId), false);
    event.add("sourceepoch", nullable(std::string(kId)), false);
    event.add("sequence",
              R"({"type":["string","integer","null"],"pattern":"^[0-9]+$","minimum":0})", false);
    event.add("data", "{}", false);
    std::string text = event.text();
    text.pop_back();
    add("Event", text + ",\n    \"allOf\": [" + cases + "]}");
  }

  std::string out_;
};

}  // namespace

std::string print_schemas() {
  return SchemaPrinter().print();
}

}  // namespace sb::gen
