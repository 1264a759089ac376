#include "local_api.h"

#include <unistd.h>

#include <array>
#include <cstdio>

#include "sb/core/json_writer.h"
#include "sb/workspace/data_dir.h"

#include "discovery.h"
#include "paths.h"
#include "tools.h"

namespace sb::app {
namespace {

void write_value(JsonWriter& json, const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::null:
      json.null();
      return;
    case JsonValue::Kind::boolean:
      json.boolean(value.as_bool().value_or(false));
      return;
    case JsonValue::Kind::number:
      if (const auto whole = value.as_int()) {
        json.number(*whole);
      } else {
        json.number(value.as_double().value_or(0));
      }
      return;
    case JsonValue::Kind::string:
      json.string(value.as_string().value_or(""));
      return;
    case JsonValue::Kind::array:
      json.begin_array();
      value.each_element([&](std::size_t, JsonValue element) { write_value(json, element); });
      json.end_array();
      return;
    case JsonValue::Kind::object:
      json.begin_object();
      value.each_member([&](std::string_view key, JsonValue member) {
        json.key(key);
        write_value(json, member);
      });
      json.end_object();
      return;
  }
}

}  // namespace

int report(const Error& error) {
  std::fprintf(stderr, "snapboard: %s\n", error.message.c_str());
  switch (error.code) {
    case ErrorCode::invalid_argument:
      return kExitUsage;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return kExitUnreachable;
    default:
      return kExitFailed;
  }
}

Result<std::string> find_socket(const std::string& given) {
  if (!given.empty()) return given;
  SB_TRY(const std::string runtime, runtime_dir());
  const auto server = read_discovery(runtime + "/server.json");
  const bool told = server && !server->socket.empty();
  std::string socket = told ? server->socket : runtime + "/api.sock";
  if (access(socket.c_str(), F_OK) == 0) return socket;
  const auto data_dir = workspace::default_data_dir();
  const auto cut_off = data_dir ? find_cut_off(*data_dir) : std::nullopt;
  if (cut_off) return fail(ErrorCode::unavailable, describe_cut_off(*cut_off, *data_dir));
  const auto elsewhere = data_dir ? find_living(*data_dir) : std::nullopt;
  return elsewhere ? elsewhere->socket : socket;
}

Result<std::string> api_get(const std::string& socket, const std::string& target,
                            std::chrono::seconds timeout) {
  SB_TRY(auto answer, local_request(socket, "GET", target, {}, {}, timeout));
  if (answer.status == 200) return std::move(answer.body);
  if (answer.status == 503) return fail(ErrorCode::unavailable, "the server is still starting");
  if (answer.status == 404) return fail(ErrorCode::not_found, problem_text(answer.body));
  return fail(ErrorCode::internal, "the server answered: " + problem_text(answer.body));
}

std::string problem_text(const std::string& body) {
  JsonDocument document;
  const auto problem = document.parse(body);
  const std::string detail = problem ? text_of(*problem, "detail") : "";
  return detail.empty() ? printable(body) : detail;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // Control characters: those of ASCII, and U+0080 to U+009F, which are C2 80 to C2 9F.
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += byte < 0x20 || byte == 0x7F || c1 ? '?' : text[i];
  }
  return out;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  const auto text = member ? member->as_string() : std::nullopt;
  return text ? printable(*text) : "";
}

std::string lines_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  std::string_view rest = member ? member->as_string().value_or("") : "";
  std::string lines;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    lines += printable(rest.substr(0, end)) + "\n";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (lines.ends_with('\n')) lines.pop_back();
  return lines;
}

std::string first_line(const std::string& lines) {
  const auto end = lines.find('\n');
  return end == std::string::npos ? lines : lines.substr(0, end) + " \u2026";
}

std::string number_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  const auto number = member ? member->as_int() : std::nullopt;
  return number ? std::to_string(*number) : "";
}

bool flag_of(const JsonValue& object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->as_bool().value_or(false);
}

std::string brief(const JsonValue& value) {
  if (value.is_null()) return "-";
  if (const auto text = value.as_string()) return text->empty() ? "\"\"" : printable(*text);
  return printable(json_text(value));
}

std::string json_text(const JsonValue& value) {
  std::string text;
  JsonWriter json(text);
  write_value(json, value);
  return text;
}

std::string age_text(std::int64_t millis) {
  constexpr std::int64_t kSecond = 1'000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (millis < 2 * kMinute) return std::to_string(millis / kSecond) + " s";
  if (millis < 2 * kHour) return std::to_string(millis / kMinute) + " min";
  if (millis < 2 * kDay) return std::to_string(millis / kHour) + " h";
  return std::to_string(millis / kDay) + " d";
}

}  // namespace sb::app
