#include "event_intake.h"

#include <utility>

#include "sb/core/json_writer.h"

namespace sb::transport {
namespace {

constexpr std::size_t kAnswerBytes = 192;  // without what was rejected, ample

std::optional<std::string> read_id(const JsonValue& value) {
  const auto id = value.find("id");
  const auto text = id ? id->as_string() : std::nullopt;
  if (!text || text->size() > model::kIdBytesMax) return std::nullopt;
  return std::string(*text);
}

void add_event(ParsedEvents& parsed, const JsonValue& value) {
  model::ExternalEvent& event = parsed.events.emplace_back();
  if (auto read = model::parse_event(value, event)) {
    parsed.inputs.push_back({event.id, std::nullopt});
  } else {
    parsed.events.pop_back();
    parsed.inputs.push_back({read_id(value), std::move(read).error()});
  }
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

int rejection_status(const Error& error) {
  return error.code == ErrorCode::conflict ? 409 : 400;
}

}  // namespace

std::optional<EventForm> event_form(const HttpRequest& request) {
  const auto header = request.header("content-type");
  if (!header || request.header_count("content-type") != 1) return std::nullopt;
  const auto semicolon = header->find(';');
  const std::string_view type = trim(header->substr(0, semicolon));
  if (semicolon != std::string_view::npos) {
    const std::string parameters = ascii_lower(header->substr(semicolon));
    const auto charset = parameters.find("charset=");
    if (charset != std::string::npos && parameters.find("utf-8", charset) == std::string::npos)
      return std::nullopt;
  }
  if (ascii_iequals(type, "application/cloudevents+json")) return EventForm::single;
  if (ascii_iequals(type, "application/cloudevents-batch+json")) return EventForm::batch;
  if (ascii_iequals(type, "application/x-ndjson")) return EventForm::lines;
  return std::nullopt;
}

Result<ParsedEvents> parse_events(EventForm form, std::string_view body, JsonDocument& document) {
  ParsedEvents parsed;
  if (form == EventForm::lines) {
    while (!body.empty()) {
      const auto end = body.find('\n');
      const std::string_view line = body.substr(0, end);
      body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
      if (is_blank(line)) continue;
      auto value = document.parse(line);
      if (value) {
        add_event(parsed, *value);
      } else {
        parsed.inputs.push_back({std::nullopt, std::move(value).error()});
      }
    }
    return parsed;
  }
  SB_TRY(const JsonValue value, document.parse(body));
  if (form == EventForm::single) {
    add_event(parsed, value);
    return parsed;
  }
  if (value.kind() != JsonValue::Kind::array) {
    return fail(ErrorCode::invalid_argument, "a batch is an array of events", "$");
  }
  value.each_element([&](std::size_t, const JsonValue& element) { add_event(parsed, element); });
  return parsed;
}

HttpResponse events_response(EventForm form, const std::vector<ParsedEvents::Input>& inputs,
                             const EventsAnswer& answer) {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t stale = 0;
  std::string rejected;
  JsonWriter list(rejected);
  list.begin_array();
  std::size_t next_verdict = 0;
  for (std::size_t index = 0; index < inputs.size(); ++index) {
    const Error* error = inputs[index].error ? &*inputs[index].error : nullptr;
    if (error == nullptr && next_verdict < answer.verdicts.size()) {
      const EventVerdict& verdict = answer.verdicts[next_verdict++];
      switch (verdict.kind) {
        case EventVerdict::Kind::accepted:
          ++accepted;
          break;
        case EventVerdict::Kind::duplicate:
          ++duplicates;
          break;
        case EventVerdict::Kind::stale:
          ++stale;
          break;
        case EventVerdict::Kind::rejected:
          error = &verdict.error;
          break;
      }
    }
    if (error == nullptr) continue;
    if (form == EventForm::single) return problem_response(*error, rejection_status(*error));
    list.begin_object();
    list.key("index").number(index);
    if (inputs[index].id) {
      list.key("id").string(*inputs[index].id);
    } else {
      list.key("id").null();
    }
    list.key("code").string(to_text(error->code));
    list.key("message").string(error->message);
    list.key("path").string(error->path.empty() ? "$" : error->path);
    list.end_object();
  }
  list.end_array();
  std::string body;
  body.reserve(kAnswerBytes + rejected.size());
  JsonWriter json(body);
  json.begin_object();
  json.key("epoch").string(answer.epoch);
  json.key("revision").number(answer.revision);
  json.key("accepted").number(accepted);
  json.key("duplicates").number(duplicates);
  json.key("stale").number(stale);
  json.key("rejected").raw(rejected);
  json.end_object();
  return json_response(200, std::move(body));
}

}  // namespace sb::transport
