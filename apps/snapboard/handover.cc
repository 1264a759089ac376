#include "handover.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "sb/core/json_writer.h"

#include "discovery.h"
#include "local_client.h"

namespace sb::app {
namespace {

constexpr std::chrono::milliseconds kRetryEvery{100};
constexpr int kTriesMax = 50;  // 5 s for a server that is just starting

// The `detail` of a problem+json body, or the body itself.
std::string problem_text(const std::string& body) {
  JsonDocument document;
  const auto json = document.parse(body);
  const auto detail = json ? json->find("detail") : std::nullopt;
  const auto text = detail ? detail->as_string() : std::nullopt;
  return text ? std::string(*text) : body;
}

}  // namespace

Result<Handover> hand_repository_over(const std::string& data_dir, const std::string& directory) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(directory, ignored);
  std::string body;
  JsonWriter(body).begin_object().key("repoPath").string(absolute.string()).end_object();
  Error last{
      ErrorCode::unavailable, "another process holds " + data_dir + " and does not answer", {}};
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (tries != 0) std::this_thread::sleep_for(kRetryEvery);
    const auto server = read_discovery(data_dir + "/server.json");
    if (!server) continue;
    auto answer = local_request(server->socket, "POST", "/api/projects", body, "application/json");
    if (!answer) {
      last = std::move(answer).error();
      continue;
    }
    if (answer->status == 503) continue;
    if (answer->status >= 300) {
      return fail(ErrorCode::invalid_argument, problem_text(answer->body));
    }
    const std::string page =
        server->token.empty() ? server->url + "/" : server->url + "/?token=" + server->token;
    return Handover{absolute.string(), page, server->socket};
  }
  return last;
}

}  // namespace sb::app
