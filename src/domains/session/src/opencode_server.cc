#include <chrono>
#include <optional>
#include <string>

#include "sb/core/json_value.h"
#include "sb/http_client/client.h"
#include "sb/process/ports.h"
#include "sb/session/level_source.h"

#include "hook_json.h"

// The server inside an OpenCode process (1.18), found by the port it listens on. A session that
// neither works nor waits is absent from its status.

namespace sb::session {
namespace {

constexpr std::chrono::milliseconds kBudget{500};  // of one request
constexpr std::size_t kAnswerBytesMax = 1U << 20U;
constexpr std::size_t kPortsMax = 4;  // of a process, tried for the server

std::optional<std::string> get(http_client::Client& http, std::uint16_t port,
                               std::string_view path) {
  http_client::Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  request.connect_timeout = kBudget;
  request.timeout = kBudget;
  request.body_bytes_max = kAnswerBytesMax;
  const auto response = http.send(request);
  if (!response || response->status != 200) return std::nullopt;
  return response->body;
}

}  // namespace

bool OpencodeServer::asks(std::string_view text, const std::string& session) {
  JsonDocument document;
  bool found = false;
  if (const auto json = document.parse(text)) {
    json->each_element([&](std::size_t, JsonValue request) {
      found = found || text_of(request, "sessionID") == session;
    });
  }
  return found;
}

std::optional<LevelStatus> OpencodeServer::parse_status(std::string_view text,
                                                        const std::string& session) {
  JsonDocument document;
  const auto json = document.parse(text);
  if (!json || json->kind() != JsonValue::Kind::object) return std::nullopt;
  bool ours = true;  // every member is a status: else this is another kind of server
  json->each_member(
      [&](std::string_view, JsonValue status) { ours = ours && !text_of(status, "type").empty(); });
  if (!ours) return std::nullopt;
  const auto status = json->find(session);
  return !status || text_of(*status, "type") == "idle" ? LevelStatus::idle : LevelStatus::busy;
}

Level OpencodeServer::read(const LevelQuery& query) const {
  Level level;
  if (!query.process.known()) return level;
  auto ports = process::listening_ports(query.process.pid);
  std::erase_if(ports, [](const auto& one) { return one.depth != 0; });  // of what it runs
  for (std::size_t i = 0; i < ports.size() && i < kPortsMax; ++i) {
    const std::uint16_t port = ports[i].port;
    const auto text = get(*http_, port, "/session/status");
    const auto status = text ? parse_status(*text, query.agent_session) : std::nullopt;
    if (!status) continue;
    level.status = *status;
    if (level.status == LevelStatus::idle) return level;
    // It stays busy while a question is open.
    using model::PendingRequestType;
    for (const auto& [path, type] :
         {std::pair("/question", PendingRequestType::user_question),
          std::pair("/permission", PendingRequestType::permission_request)}) {
      const auto open = get(*http_, port, path);
      if (!open || !asks(*open, query.agent_session)) continue;
      level.status = LevelStatus::waiting;
      level.request_type = type;
      return level;
    }
    return level;
  }
  return level;
}

}  // namespace sb::session
