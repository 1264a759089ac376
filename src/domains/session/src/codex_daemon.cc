#include <chrono>
#include <string>

#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/session/level_source.h"
#include "sb/ws_client/conversation.h"

#include "hook_json.h"

// The daemon every Codex terminal of a user talks to (0.169). We are one more client of it that
// only reads: JSON-RPC without its version member, one message a frame.

namespace sb::session {
namespace {

constexpr std::string_view kSocket = "/app-server-control/app-server-control.sock";
constexpr std::chrono::milliseconds kBudget{1'000};  // of one look
constexpr int kOthersMax = 200;                      // messages passed over, for an answer

constexpr int kInitialize = 1;
constexpr int kRead = 2;

// `out`: the text of the answer to request `id`; news for everybody come in between.
Result<std::string> answer_to(ws_client::Conversation& talk, int id) {
  JsonDocument document;
  for (int others = 0; others < kOthersMax; ++others) {
    SB_TRY(std::string text, talk.receive());
    const auto json = document.parse(text);
    const auto answered = json ? json->find("id") : std::nullopt;
    if (answered && answered->as_int() == id && !json->find("method")) return text;
  }
  return fail(ErrorCode::unavailable, "no answer among many messages");
}

std::string request(int id, std::string_view method, std::string_view parameters) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("id").number(id);
  json.key("method").string(method);
  json.key("params").raw(parameters);
  json.end_object();
  return text;
}

Result<std::string> read_thread(const std::string& socket, const std::string& thread) {
  SB_TRY(const auto talk, ws_client::Conversation::open(socket, "/", kBudget));
  SB_TRY_VOID(talk->send(request(
      kInitialize, "initialize",
      R"({"clientInfo":{"name":"snapboard","title":"Snapboard","version":"1"},"capabilities":{}})")));
  SB_TRY_VOID(answer_to(*talk, kInitialize));
  SB_TRY_VOID(talk->send(R"({"method":"initialized"})"));
  std::string parameters;
  JsonWriter json(parameters);
  json.begin_object();
  json.key("threadId").string(thread);
  json.key("includeTurns").boolean(false);
  json.end_object();
  SB_TRY_VOID(talk->send(request(kRead, "thread/read", parameters)));
  return answer_to(*talk, kRead);
}

bool has_flag(const JsonValue& status, std::string_view flag) {
  bool found = false;
  if (const auto flags = status.find("activeFlags")) {
    flags->each_element(
        [&](std::size_t, JsonValue value) { found = found || value.as_string() == flag; });
  }
  return found;
}

}  // namespace

Level CodexDaemon::read(const LevelQuery& query) const {
  const std::string& config =
      query.config_directory.empty() ? config_directory_ : query.config_directory;
  if (config.empty()) return {};
  const auto text = read_thread(config + std::string(kSocket), query.agent_session);
  return text ? parse(*text, query) : Level();
}

Level CodexDaemon::parse(std::string_view text, const LevelQuery& query) {
  Level level;
  JsonDocument document;
  const auto json = document.parse(text);
  const auto result = json ? json->find("result") : std::nullopt;
  const auto thread = result ? result->find("thread") : std::nullopt;
  const auto status = thread ? thread->find("status") : std::nullopt;
  if (!status || text_of(*thread, "id") != query.agent_session) return level;
  const std::string type = text_of(*status, "type");
  // After an error of the system the thread waits for the next prompt; its hook told the error.
  if (type == "idle" || type == "systemError") level.status = LevelStatus::idle;
  if (type == "active") level.status = LevelStatus::busy;
  const bool asks_input = has_flag(*status, "waitingOnUserInput");
  if (asks_input || has_flag(*status, "waitingOnApproval")) {
    level.status = LevelStatus::waiting;
    level.request_type = asks_input ? model::PendingRequestType::user_question
                                    : model::PendingRequestType::permission_request;
  }
  return level;
}

}  // namespace sb::session
