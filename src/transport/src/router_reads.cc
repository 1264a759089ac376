#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"

#include "router.h"
#include "view_param.h"

// The reads of Router (protocol, section 2).

namespace sb::transport {
namespace {

Error bad_parameter(std::string_view name) {
  return {ErrorCode::invalid_argument,
          fmt::format("The query parameter {} must be a whole number.", name),
          {}};
}

void append_complete_entries(std::string& out,
                             const std::vector<snapshot::PublishedEntry>& entries) {
  std::size_t bytes = 1024;
  for (const auto& entry : entries) bytes += entry.text->complete_bytes_max() + 1;
  out.reserve(out.size() + bytes);
  out += '[';
  for (const auto& entry : entries) {
    if (out.back() != '[') out += ',';
    entry.text->append_complete(out);
  }
  out += ']';
}

HttpResponse epoch_is_over() {
  return problem_response_with(
      {ErrorCode::not_found,
       "This epoch is over: the server was restarted. Read again without it.",
       {}},
      410, R"("reason":"epoch")");
}

}  // namespace

void append_project_json(std::string& out, const model::ProjectInfo& project,
                         std::size_t workspaces) {
  JsonWriter json(out);
  const auto optional = [&](std::string_view name, const auto& value) {
    std::string text;
    append_json(text, value);
    json.key(name).raw(text);
  };
  json.begin_object();
  json.key("id").string(project.id.view());
  json.key("name").string(project.name);
  optional("repoPath", project.repoPath);
  optional("defaultBranch", project.defaultBranch);
  json.key("workspaceCount").number(workspaces);
  json.key("external").boolean(project.external);
  optional("problem", project.problem);
  optional("createdAt", project.createdAt);
  json.end_object();
}

void Router::append_sources(std::string& out) const {
  JsonWriter json(out);
  json.begin_array();
  for (const SourceHealth& source : ports_.status.sources()) {
    json.begin_object();
    json.key("name").string(source.name);
    json.key("state").string(source.state);
    if (source.last_ok_age_ms) {
      json.key("lastOkAgeMs").number(*source.last_ok_age_ms);
    } else {
      json.key("lastOkAgeMs").null();
    }
    if (!source.detail.empty()) json.key("detail").string(source.detail);
    json.end_object();
  }
  json.end_array();
}

std::string Router::status_members() const {
  const auto counts = ports_.store.counts();
  std::size_t degraded = 0;
  for (const SourceHealth& source : ports_.status.sources())
    degraded += source.state == "degraded" ? 1 : 0;
  std::string sources;
  append_sources(sources);
  return fmt::format(
      R"("ready":{},"sources":{},"degraded":{},"evicted":{},"evictions":{},"projects":{},"workspaces":{})",
      ports_.status.ready(), sources, degraded, counts.evicted, counts.evictions_total,
      counts.projects, counts.entries);
}

HttpResponse Router::not_ready() const {
  return problem_response({ErrorCode::unavailable, "The server is starting.", {}}, 503);
}

void Router::get_health(Call& call) {
  call.reply(json_response(200, R"({"status":"ok"})"));
}

void Router::get_ready(Call& call) {
  if (ports_.status.ready()) {
    call.reply(json_response(200, "{" + status_members() + "}"));
    return;
  }
  call.reply(problem_response_with({ErrorCode::unavailable, "The server is starting.", {}}, 503,
                                   status_members()));
}

void Router::get_metrics(Call& call) {
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = ports_.metrics.text();
  response.add("Cache-Control", "no-store");
  call.reply(std::move(response));
}

void Router::get_projects(Call& call) {
  std::string body = "[";
  for (const model::ProjectInfo& project : ports_.store.projects()) {
    if (body.size() > 1) body += ',';
    append_project_json(body, project, ports_.store.workspace_count(project.id));
  }
  body += ']';
  call.reply(json_response(200, std::move(body)));
}

void Router::get_workspace(Call& call) {
  const auto entry = ports_.store.entry(model::WorkspaceId(call.id));
  if (!entry) {
    call.reply(problem_response({ErrorCode::not_found, "There is no such workspace.", {}}));
    return;
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.key("entry").raw({});
  entry->text->append_complete(body);
  json.key("epoch").string(ports_.store.epoch());
  json.key("revision").number(ports_.store.head());
  json.end_object();
  call.reply(json_response(200, std::move(body)));
}

void Router::get_snapshot(Call& call) {
  const auto epoch = call.target.param("epoch");
  const auto revision_text = call.target.param("minRevision");
  const auto revision = number_param(call.target, "minRevision", 0);
  const auto wait = wait_param(call.target);
  if (!revision || !wait) {
    call.reply(problem_response(bad_parameter(revision ? "waitMs" : "minRevision")));
    return;
  }
  auto view = view_param(call.target, call.id);
  if (!view) {
    call.reply(problem_response(Error(view.error()).with("the query parameter view")));
    return;
  }
  if (revision_text && !epoch) {
    call.reply(problem_response(
        {ErrorCode::invalid_argument, "minRevision needs the epoch it was counted in.", {}}));
    return;
  }
  if (epoch && *epoch != ports_.store.epoch()) return call.reply(epoch_is_over());
  waits_.wait(
      *revision, *wait,
      [this, request = std::move(call.request), view = *std::move(view),
       plain = !call.target.param("view") && view->project() != nullptr,
       epoch = epoch ? std::optional<std::string>(*epoch) : std::nullopt,
       reply = std::move(call.reply)](bool reached) {
        if (epoch && *epoch != ports_.store.epoch()) return reply(epoch_is_over());
        reply(reached
                  ? snapshot_response(request, view, plain)
                  : problem_response(
                        {ErrorCode::timeout, "The revision was not reached in time.", {}}, 504));
      });
}

HttpResponse Router::snapshot_response(const HttpRequest& request, const snapshot::View& view,
                                       bool plain) const {
  const snapshot::Store& store = ports_.store;
  const model::ProjectId* project = view.project();
  if (project != nullptr && store.project(*project) == nullptr) {
    return problem_response({ErrorCode::not_found, "There is no such project.", {}});
  }
  // Weak, because cursor and source states in the body move without it.
  const std::string etag = fmt::format("W/\"{}-{:x}-{}\"", store.epoch(), view.hash(),
                                       snapshot::last_revision(store, view));
  const auto condition = request.header("if-none-match");
  HttpResponse response;
  if (condition && etag_matches(*condition, etag)) {
    response.status = 304;
    response.add("Cache-Control", "no-cache").add("ETag", etag);
    return response;
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.key("projectId").string(project == nullptr ? "*" : project->view());
  json.key("epoch").string(store.epoch());
  json.key("revision").number(store.head());
  json.key("cursor").string(views_.cursor(view, {.revision = store.head()}));
  json.key("entries").raw({});
  if (plain) {
    append_complete_entries(body, store.entries(*project));
  } else {
    views_.append_entries(body, view);
  }
  if (const auto count = store.review_count()) json.key("reviewCount").number(*count);
  std::string sources;
  append_sources(sources);
  json.key("sources").raw(sources);
  const ReconciliationInfo reconciliation = ports_.status.reconciliation();
  if (reconciliation.last_at) {
    json.key("lastReconciliationAt").string(to_iso(*reconciliation.last_at));
  } else {
    json.key("lastReconciliationAt").null();
  }
  json.key("eventsSinceLastReconciliation").number(reconciliation.events_since);
  json.key("lastReconciliationDrift").number(reconciliation.last_drift);
  json.end_object();
  response.content_type = "application/json";
  response.body = std::move(body);
  response.add("Cache-Control", "no-cache").add("ETag", etag);
  return response;
}

}  // namespace sb::transport
