#include "hook_json.h"

#include "sb/core/hash.h"
#include "sb/core/utf8.h"
#include "sb/model/event.h"
#include "sb/model/ids.h"

namespace sb::session {
namespace {

std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  // Never through a character: continuation bytes start with binary 10.
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  return text.substr(0, bytes_max);
}

std::string_view view_of(const JsonValue& json, std::string_view key) {
  const auto value = json.find(key);
  const auto text = value ? value->as_string() : std::nullopt;
  return text.value_or(std::string_view());
}

std::uint64_t hash_json(const JsonValue& json, std::uint64_t seed) {
  seed = fnv1a(json.kind_text(), seed);
  switch (json.kind()) {
    case JsonValue::Kind::string:
      return fnv1a(*json.as_string(), seed);
    case JsonValue::Kind::number:
      return fnv1a(std::to_string(json.as_double().value_or(0)), seed);
    case JsonValue::Kind::boolean:
      return fnv1a(json.as_bool().value_or(false) ? "1" : "0", seed);
    case JsonValue::Kind::array:
      json.each_element(
          [&](std::size_t, const JsonValue& element) { seed = hash_json(element, seed); });
      return seed;
    case JsonValue::Kind::object: {
      // The order of members means nothing.
      std::uint64_t sum = 0;
      json.each_member([&](std::string_view key, const JsonValue& member) {
        sum += hash_json(member, fnv1a(key));
      });
      return fnv1a(std::to_string(sum), seed);
    }
    case JsonValue::Kind::null:
      return seed;
  }
  return seed;
}

}  // namespace

std::string text_of(const JsonValue& json, std::string_view key) {
  return std::string(cut(view_of(json, key), model::kIdBytesMax));
}

std::optional<std::string> short_text_of(const JsonValue& json, std::string_view key) {
  const std::string_view text = cut(view_of(json, key), kTextBytesMax);
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::string path_of(const JsonValue& json, std::string_view key) {
  return std::string(view_of(json, key));
}

EdgeKind kind_of(std::span<const HookRow> rows, std::string_view event) {
  for (const HookRow& row : rows) {
    if (row.event == event) return row.kind;
  }
  return EdgeKind::sign_of_life;
}

std::uint64_t tool_key(const JsonValue& json) {
  std::uint64_t key = fnv1a(view_of(json, "tool_name"));
  if (const auto input = json.find("tool_input")) key = hash_json(*input, key);
  return key == 0 ? 1 : key;
}

Result<AgentEvent> begin_event(const JsonValue& json, std::string_view session_key,
                               std::string_view directory_key) {
  if (json.kind() != JsonValue::Kind::object) {
    return fail(ErrorCode::invalid_argument, "a hook is a JSON object", "$");
  }
  AgentEvent event;
  const std::string_view session = view_of(json, session_key);
  if (session.empty() || session.size() > model::kIdBytesMax / 2) {
    return fail(ErrorCode::invalid_argument, "no session id", "$." + std::string(session_key));
  }
  event.session = std::string(session);
  if (!directory_key.empty()) event.directory = path_of(json, directory_key);
  event.model = short_text_of(json, "model");
  return event;
}

void read_tool(const JsonValue& json, Edge& edge) {
  edge.tool_key = tool_key(json);
  edge.tool_use = text_of(json, "tool_use_id");
  edge.request_type =
      model::classify_pending_request(view_of(json, "tool_name"), json.find("tool_input"));
}

}  // namespace sb::session
