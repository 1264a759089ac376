#include "router.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sb/transport/api_description.h"

#include "ws_handshake.h"

namespace sb::transport {
namespace {

constexpr std::string_view kVariable = "{}";  // a segment of a pattern, any but an empty one

/// The variable segment when the path, of as many segments, fits; empty text for a pattern
/// without one.
std::optional<std::string_view> match(std::string_view pattern,
                                      const std::vector<std::string>& path) {
  std::string_view id;
  for (const std::string& segment : path) {
    // A segment may hold a slash that was written as %2F: never compare beyond one of the pattern.
    const std::string_view wanted = pattern.substr(1, pattern.find('/', 1) - 1);
    pattern.remove_prefix(1 + wanted.size());
    if (wanted == kVariable) {
      if (segment.empty()) return std::nullopt;
      id = segment;
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  return id;
}

// What a page of another origin may send: its token and bodies, conditional reads, where an event
// stream goes on, and that a tRPC client takes its batch as a stream.
constexpr std::string_view kCorsHeaders =
    "Authorization, Content-Type, If-None-Match, Last-Event-ID, Trpc-Accept";

// Routes with access rules of their own, so they are not in the table.
constexpr std::string_view kHealth = "/healthz";
constexpr std::string_view kReadiness = "/readyz";
constexpr std::string_view kGithubWebhook = "/webhooks/github";

bool is_api_path(const Target& target) {
  const std::string& first = target.segments.front();
  return first == "api" || first == "metrics" || first == "openapi.json" || first == "snapshots" ||
         first == "snapshot" || first == "sync" || first == "hooks" || first == "trpc";
}

}  // namespace

Router::Router(const ServerConfig& config, const ServerPorts& ports, const AccessPolicy& access,
               RevisionWaits& waits, snapshot::ViewEncoder& views,
               std::function<std::shared_ptr<StreamSession>()> new_stream)
    : config_(config),
      ports_(ports),
      access_(access),
      waits_(waits),
      views_(views),
      new_stream_(std::move(new_stream)),
      files_(config.static_files) {}

std::size_t Router::count_segments(std::string_view pattern) {
  return static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/'));
}

const std::vector<Router::Route>& Router::routes() {
  static const std::vector<Route> kRoutes{
      {"GET", "/metrics", &Router::get_metrics},
      {"GET", "/openapi.json", &Router::get_description},
      {"GET", "/trpc/{}", &Router::get_trpc},
      {"GET", "/api/trpc/{}", &Router::get_trpc},
      {"GET", "/snapshots", &Router::get_upgrade_only},
      {"GET", "/snapshot", &Router::get_upgrade_only},
      {"GET", "/sync", &Router::get_upgrade_only},
      {"GET", "/api/projects", &Router::get_projects},
      {"POST", "/api/projects", &Router::post_project},
      {"DELETE", "/api/projects/{}", &Router::delete_project},
      {"GET", "/api/projects/{}/snapshot", &Router::get_snapshot},
      {"GET", "/api/projects/{}/changes", &Router::get_changes},
      {"POST", "/api/projects/{}/reconcile", &Router::post_reconcile},
      {"POST", "/api/projects/{}/workspaces", &Router::post_workspace},
      {"GET", "/api/projects/{}/archived", &Router::get_archived},
      {"GET", "/api/workspaces/{}", &Router::get_workspace},
      {"DELETE", "/api/workspaces/{}", &Router::delete_workspace},
      {"POST", "/api/workspaces/{}/rename", &Router::post_workspace_rename},
      {"POST", "/api/workspaces/{}/retry", &Router::post_workspace_retry},
      {"POST", "/api/workspaces/{}/archive", &Router::post_workspace_archive},
      {"POST", "/api/workspaces/{}/unarchive", &Router::post_workspace_unarchive},
      {"GET", "/api/workspaces/{}/setup/output", &Router::get_setup_output},
      {"GET", "/api/workspaces/{}/explain", &Router::get_explain},
      {"GET", "/api/workspaces/{}/history", &Router::get_history},
      {"POST", "/api/workspaces/{}/run-script", &Router::post_run_script},
      {"GET", "/api/workspaces/{}/run-script/output", &Router::get_run_script_output},
      {"GET", "/api/workspaces/{}/fixer/output", &Router::get_fixer_output},
      {"POST", "/api/workspaces/{}/pr/refresh", &Router::post_pull_request_refresh},
      {"POST", "/api/workspaces/{}/ratchet", &Router::post_ratchet},
      {"PUT", "/api/terminals/{}", &Router::put_terminal},
      {"POST", "/api/events", &Router::post_events},
      {"POST", "/hooks/{}", &Router::post_hook},
  };
  return kRoutes;
}

std::vector<std::string> Router::route_names() {
  std::vector<std::string> names;
  for (const Route& route : routes()) {
    names.push_back(std::string(route.method).append(" ").append(route.pattern));
  }
  names.push_back(std::string("GET ").append(kHealth));
  names.push_back(std::string("GET ").append(kReadiness));
  names.push_back(std::string("POST ").append(kGithubWebhook));
  return names;
}

void Router::handle(HttpRequest request, Target target, const Peer& peer, Reply reply) {
  if (is_api_path(target)) {
    handle_api(std::move(request), std::move(target), peer, std::move(reply));
    return;
  }
  if (target.path == kGithubWebhook) {
    handle_webhook(std::move(request), reply);
    return;
  }
  const bool reading = request.method == "GET" || request.method == "HEAD";
  const bool probe = target.path == kHealth || target.path == kReadiness;
  if (reading && probe) {
    const bool health = target.path == kHealth;
    Call call{std::move(request), std::move(target), {}, std::move(reply)};
    health ? get_health(call) : get_ready(call);
    return;
  }
  if (!reading && (probe || files_.has(target.path))) {
    auto response = problem_response({ErrorCode::unsupported, "This path is only read.", {}}, 405);
    response.add("Allow", "GET, HEAD");
    reply(std::move(response));
    return;
  }
  handle_page(request, target, reply);
}

void Router::handle_page(const HttpRequest& request, const Target& target, const Reply& reply) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (reading && target.param("token") && (files_.has(target.path) || target.path == "/")) {
    reply(access_.exchange_token(request, target));
    return;
  }
  auto page = reading ? files_.get(request, target) : std::nullopt;
  reply(page ? *std::move(page)
             : problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
}

void Router::handle_api(HttpRequest request, Target target, const Peer& peer, Reply reply) {
  const auto origin = request.header("origin");
  if (origin && access_.origin_allowed(*origin)) {
    // A page of an allowed origin may read the answer.
    reply = [origin = std::string(*origin), inner = std::move(reply)](HttpResponse response) {
      response.add("Access-Control-Allow-Origin", origin).add("Vary", "Origin");
      response.add("Access-Control-Expose-Headers", "ETag, Retry-After");
      inner(std::move(response));
    };
  }
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allow;
  const Route* found = nullptr;
  std::string id;
  for (const Route& route : routes()) {
    if (route.segments != target.segments.size()) continue;
    const auto matched = match(route.pattern, target.segments);
    if (!matched) continue;
    allow += allow.empty() ? "" : ", ";
    allow += route.method == "GET" ? "GET, HEAD" : route.method;
    if (route.method == method) {
      found = &route;
      id = *matched;
    }
  }
  if (method == "OPTIONS" && !allow.empty()) {
    HttpResponse response;
    response.status = 204;
    response.add("Allow", allow);
    if (origin && access_.origin_allowed(*origin)) {
      response.add("Access-Control-Allow-Methods", allow);
      response.add("Access-Control-Allow-Headers", std::string(kCorsHeaders));
    }
    reply(std::move(response));
    return;
  }
  if (auto refusal = access_.refuse_api(request, peer)) {
    reply(*std::move(refusal));
    return;
  }
  if (allow.empty()) {
    reply(problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
    return;
  }
  if (found == nullptr) {
    auto response =
        problem_response({ErrorCode::unsupported, "This path does not know this method.", {}}, 405);
    response.add("Allow", allow);
    reply(std::move(response));
    return;
  }
  const bool needs_state =
      found->handler != &Router::get_metrics && found->handler != &Router::get_description;
  if (!ports_.status.ready() && needs_state) {
    reply(not_ready());
    return;
  }
  Call call{std::move(request), std::move(target), std::move(id), std::move(reply),
            peer.unix_socket};
  (this->*found->handler)(call);
}

void Router::get_description(Call& call) {
  HttpResponse response;
  response.content_type = "application/json";
  response.static_body = openapi_document();
  response.add("Cache-Control", "no-cache");
  call.reply(std::move(response));
}

void Router::get_upgrade_only(Call& call) {
  auto response =
      problem_response({ErrorCode::unsupported, "This path speaks WebSocket only.", {}}, 426);
  response.add("Upgrade", "websocket").add("Sec-WebSocket-Version", "13");
  call.reply(std::move(response));
}

}  // namespace sb::transport
