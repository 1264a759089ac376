#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "sb/core/json_value.h"
#include "sb/core/unique_fd.h"
#include "sb/session/level_source.h"

#include "hook_json.h"

namespace sb::session {
namespace {

constexpr std::size_t kFileBytesMax = 64U << 10U;  // bytes; it has a few hundred

std::optional<std::string> read_small_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.open()) return std::nullopt;
  std::string text;
  std::array<char, 4096> chunk;  // NOLINT: filled by read
  while (text.size() <= kFileBytesMax) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return std::nullopt;
}

// A number, or the same as text.
std::string number_text(const JsonValue& json, std::string_view key) {
  const auto value = json.find(key);
  if (!value) return {};
  if (const auto number = value->as_int()) return std::to_string(*number);
  return text_of(json, key);
}

}  // namespace

std::string ClaudeStatusFile::file(const LevelQuery& query) const {
  const std::string& config =
      query.config_directory.empty() ? config_directory_ : query.config_directory;
  if (config.empty() || !query.process.known()) return {};
  return config + "/sessions/" + std::to_string(query.process.pid) + ".json";
}

Level ClaudeStatusFile::read(const LevelQuery& query) const {
  const std::string path = file(query);
  const auto text = path.empty() ? std::nullopt : read_small_file(path);
  return text ? parse(*text, query) : Level();
}

Level ClaudeStatusFile::parse(std::string_view text, const LevelQuery& query) {
  Level level;
  JsonDocument document;
  const auto json = document.parse(text);
  if (!json || json->kind() != JsonValue::Kind::object) return level;  // half written: read again
  const std::string start = number_text(*json, "procStart");
  if (!start.empty() && start != std::to_string(query.process.start_ticks)) return level;
  const std::string session = text_of(*json, "sessionId");
  if (!session.empty() && session != query.agent_session) return level;
  level.version = number_text(*json, "statusUpdatedAt");
  if (level.version.empty()) level.version = number_text(*json, "updatedAt");
  const std::string status = text_of(*json, "status");
  if (status == "idle") level.status = LevelStatus::idle;
  if (status == "busy") level.status = LevelStatus::busy;
  if (status == "waiting") {
    level.status = LevelStatus::waiting;
    level.request_type = text_of(*json, "waitingFor") == "input needed"
                             ? model::PendingRequestType::user_question
                             : model::PendingRequestType::permission_request;
  }
  return level;
}

}  // namespace sb::session
