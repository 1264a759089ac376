#include "handover.h"

#include <filesystem>

#include "sb/core/json_writer.h"

#include "discovery.h"
#include "local_client.h"

namespace sb::app {
namespace {

// The `detail` of a problem+json body, or the body itself.
std::string problem_text(const std::string& body) {
  JsonDocument document;
  const auto json = document.parse(body);
  const auto detail = json ? json->find("detail") : std::nullopt;
  const auto text = detail ? detail->as_string() : std::nullopt;
  return text ? std::string(*text) : body;
}

}  // namespace

Result<Handover> hand_repository_over(const std::string& data_dir,
                                      const std::optional<std::string>& directory) {
  std::error_code ignored;
  std::string path;
  std::string body;
  if (directory) {
    path = std::filesystem::weakly_canonical(*directory, ignored).string();
    JsonWriter(body).begin_object().key("repoPath").string(path).end_object();
  }
  const auto server = read_discovery(data_dir + "/server.json");
  if (!server) {
    return fail(ErrorCode::unavailable,
                "another process holds " + data_dir + " and does not answer");
  }
  const auto answer =
      directory ? local_request(server->socket, "POST", "/api/projects", body, "application/json")
                : local_request(server->socket, "GET", "/readyz");
  if (!answer) {
    const auto cut_off = find_cut_off(data_dir);
    return cut_off ? fail(ErrorCode::conflict, describe_cut_off(*cut_off, data_dir))
                   : tl::unexpected(answer.error());
  }
  if (answer->status == 503) return fail(ErrorCode::unavailable, problem_text(answer->body));
  if (answer->status >= 300) return fail(ErrorCode::invalid_argument, problem_text(answer->body));
  const std::string page =
      server->token.empty() ? server->url + "/" : server->url + "/?token=" + server->token;
  return Handover{path, page, server->socket};
}

}  // namespace sb::app
