#include "trpc.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"

namespace sb::transport {
namespace {

/// How tRPC names our errors: its own word, its JSON-RPC number, the HTTP status.
struct Kind {
  ErrorCode code;
  std::string_view name;
  int number;
  int status;
};
constexpr std::array kKinds{
    Kind{ErrorCode::invalid_argument, "BAD_REQUEST", -32600, 400},
    Kind{ErrorCode::not_found, "NOT_FOUND", -32004, 404},
    Kind{ErrorCode::unsupported, "METHOD_NOT_SUPPORTED", -32005, 405},
    Kind{ErrorCode::limit_exceeded, "PAYLOAD_TOO_LARGE", -32013, 413},
};
constexpr Kind kInternal{ErrorCode::internal, "INTERNAL_SERVER_ERROR", -32603, 500};

const Kind& kind_of(const Error& error) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Kind& kind) { return kind.code == error.code; });
  return found == kKinds.end() ? kInternal : *found;
}

/// superjson wraps what it carries, and says beside it what is more than JSON.
std::string superjson(std::string_view text, const std::vector<std::string>& dates) {
  std::string wrapped;
  JsonWriter json(wrapped);
  json.begin_object().key("json").raw(text);
  if (!dates.empty()) {
    json.key("meta").begin_object().key("values").begin_object();
    for (const auto& place : dates) json.key(place).raw(R"(["Date"])");
    json.end_object().end_object();
  }
  json.end_object();
  return wrapped;
}

std::string error_shape(const TrpcCall& call, const Error& error) {
  const Kind& kind = kind_of(error);
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("message").string(error.path.empty() ? error.message
                                                : error.path + ": " + error.message);
  json.key("code").number(kind.number);
  json.key("data").begin_object();
  json.key("code").string(kind.name).key("httpStatus").number(kind.status);
  json.key("path").string(call.procedure);
  json.end_object().end_object();
  return text;
}

void append_envelope(std::string& out, const TrpcAnswer& answer, bool wrapped) {
  const auto wrap = [&](const std::string& text, const std::vector<std::string>& dates) {
    return wrapped ? superjson(text, dates) : text;
  };
  if (answer.result) {
    out.append(R"({"result":{"data":)").append(wrap(answer.result->json, answer.result->dates));
    out += "}}";
  } else {
    out.append(R"({"error":)").append(wrap(error_shape(answer.call, answer.result.error()), {}));
    out += '}';
  }
}

void take_input(TrpcCall& call, const JsonValue& value) {
  const auto inner =
      value.kind() == JsonValue::Kind::object ? value.find("json") : std::optional<JsonValue>();
  call.superjson = inner.has_value();
  call.input = inner ? *inner : value;
}

}  // namespace

Result<std::vector<TrpcCall>> read_trpc_calls(JsonDocument& document, std::string_view path,
                                              bool batch, std::optional<std::string_view> input) {
  std::vector<TrpcCall> calls;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = batch ? std::min(path.find(',', begin), path.size()) : path.size();
    calls.push_back({std::string(path.substr(begin, end - begin)), {}, true});
    begin = end + 1;
  }
  if (calls.size() > kTrpcCallsMax) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a batch holds at most {} calls", kTrpcCallsMax));
  }
  if (!input) return calls;
  auto value = document.parse(*input);
  if (!value) return std::move(value).error();
  if (!batch) {
    take_input(calls.front(), *value);
    return calls;
  }
  if (value->kind() != JsonValue::Kind::object) {
    return fail(ErrorCode::invalid_argument, "the input of a batch is an object by index");
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (const auto one = value->find(std::to_string(i))) take_input(calls[i], *one);
  }
  return calls;
}

std::string trpc_single(const TrpcAnswer& answer) {
  std::string text;
  append_envelope(text, answer, answer.call.superjson);
  return text;
}

std::string trpc_batch(std::span<const TrpcAnswer> answers) {
  std::string text = "[";
  for (const TrpcAnswer& answer : answers) {
    if (text.size() > 1) text += ',';
    append_envelope(text, answer, answer.call.superjson);
  }
  return text + "]";
}

std::string trpc_line(std::span<const TrpcAnswer> answers) {
  std::string line = "{";
  std::vector<std::string> dates;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string index = std::to_string(i);
    if (i != 0) line += ',';
    line.append(1, '"').append(index).append("\":[[");
    append_envelope(line, answers[i], false);
    line += "]]";
    if (!answers[i].result) continue;
    for (const auto& place : answers[i].result->dates) {
      dates.push_back(fmt::format("{}.0.0.result.data.{}", index, place));
    }
  }
  line += '}';
  const bool wrapped = std::any_of(answers.begin(), answers.end(),
                                   [](const TrpcAnswer& answer) { return answer.call.superjson; });
  if (wrapped) line = superjson(line, dates);
  return line + "\n";
}

int trpc_status(std::span<const TrpcAnswer> answers) {
  constexpr int kMultiStatus = 207;
  int status = 0;
  for (const TrpcAnswer& answer : answers) {
    const int its = answer.result ? 200 : kind_of(answer.result.error()).status;
    if (status != 0 && status != its) return kMultiStatus;
    status = its;
  }
  return status;
}

}  // namespace sb::transport
