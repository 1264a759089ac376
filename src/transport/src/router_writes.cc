#include <utility>

#include "sb/core/json_writer.h"

#include "event_intake.h"
#include "json_body.h"
#include "router.h"

// The events and commands of Router (protocol, sections 5 and 6).

namespace sb::transport {
namespace {

struct RegisterBody {
  std::string repoPath;
  std::optional<std::string> name;
  std::optional<std::string> defaultBranch;
};
BOOST_DESCRIBE_STRUCT(RegisterBody, (), (repoPath, name, defaultBranch))
static_assert(all_members_described<RegisterBody>());

struct RatchetBody {
  bool enabled = false;
};
BOOST_DESCRIBE_STRUCT(RatchetBody, (), (enabled))
static_assert(all_members_described<RatchetBody>());

constexpr std::size_t kEventDocumentBytesKept = std::size_t{64}
                                                << 10U;  // of a body whose parser is used again

HttpResponse sink_problem(const Error& error) {
  // A full queue is the caller's to slow down for, not a wrong request.
  return problem_response(error, error.code == ErrorCode::limit_exceeded ? 429 : 0);
}

bool is_encoded(const HttpRequest& request) {
  const auto encoding = request.header("content-encoding");
  return encoding && !ascii_iequals(*encoding, "identity");
}

HttpResponse unsupported(std::string message) {
  return problem_response({ErrorCode::unsupported, std::move(message), {}}, 415);
}

}  // namespace

// The sinks may answer after the server is gone, hence the weak pointers here.
std::function<void(Result<std::uint64_t>)> Router::answer_revision(Reply reply) {
  return
      [weak = weak_from_this(), reply = std::move(reply)](const Result<std::uint64_t>& revision) {
        const auto self = weak.lock();
        if (!self) return;
        if (!revision) {
          reply(sink_problem(revision.error()));
          return;
        }
        std::string body;
        JsonWriter json(body);
        json.begin_object();
        json.key("epoch").string(self->ports_.store.epoch());
        json.key("revision").number(*revision);
        json.end_object();
        reply(json_response(200, std::move(body)));
      };
}

void Router::post_events(Call& call) {
  const auto form = event_form(call.request);
  if (!form || is_encoded(call.request)) {
    call.reply(
        unsupported("Send application/cloudevents+json, application/cloudevents-batch+json or "
                    "application/x-ndjson, in UTF-8 and not compressed."));
    return;
  }
  auto parsed = parse_events(*form, call.request.body, event_document_);
  // What a large body grew is not kept.
  if (call.request.body.size() > kEventDocumentBytesKept) event_document_ = JsonDocument();
  if (!parsed) {
    call.reply(problem_response(parsed.error()));
    return;
  }
  if (parsed->events.empty()) {
    call.reply(
        events_response(*form, parsed->inputs, {ports_.store.epoch(), ports_.store.head(), {}}));
    return;
  }
  ports_.events.submit(std::move(parsed->events), [form = *form, inputs = std::move(parsed->inputs),
                                                   reply = std::move(call.reply)](
                                                      const Result<EventsAnswer>& answer) {
    reply(answer ? events_response(form, inputs, *answer) : sink_problem(answer.error()));
  });
}

void Router::post_hook(Call& call) {
  if (!is_plain_json(call.request)) {
    call.reply(unsupported("Send application/json."));
    return;
  }
  if (ports_.hooks == nullptr) {
    call.reply(problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
    return;
  }
  HookSink::Hook hook{std::move(call.id),
                      std::string(call.request.header("snapboard-hook").value_or("")),
                      std::move(call.request.body)};
  ports_.hooks->hook(std::move(hook), [reply = std::move(call.reply)](const Result<void>& taken) {
    if (!taken) {
      reply(sink_problem(taken.error()));
      return;
    }
    HttpResponse response;
    response.status = 204;
    reply(std::move(response));
  });
}

void Router::post_project(Call& call) {
  auto body = read_json_body<RegisterBody>(call.request);
  if (!body) {
    call.reply(problem_response(body.error()));
    return;
  }
  CommandSink::RegisterProject request{std::move(body->repoPath), std::move(body->name),
                                       std::move(body->defaultBranch)};
  ports_.commands.register_project(
      std::move(request), [weak = weak_from_this(), reply = std::move(call.reply)](
                              const Result<CommandSink::RegisteredProject>& result) {
        const auto self = weak.lock();
        if (!self) return;
        if (!result) {
          reply(sink_problem(result.error()));
          return;
        }
        std::string project;
        append_project_json(project, result->project,
                            self->ports_.store.workspace_count(result->project.id));
        std::string text;
        JsonWriter json(text);
        json.begin_object();
        json.key("project").raw(project);
        json.key("created").boolean(result->created);
        json.key("epoch").string(self->ports_.store.epoch());
        json.key("revision").number(result->revision);
        json.end_object();
        reply(json_response(result->created ? 201 : 200, std::move(text)));
      });
}

void Router::delete_project(Call& call) {
  ports_.commands.remove_project(model::ProjectId(call.id), answer_revision(std::move(call.reply)));
}

void Router::post_reconcile(Call& call) {
  ports_.commands.reconcile(model::ProjectId(call.id), answer_revision(std::move(call.reply)));
}

// No token of ours: GitHub does not have one. The signature over the body stands for it.
void Router::handle_webhook(HttpRequest request, const Reply& reply) {
  if (request.method != "POST") {
    auto response =
        problem_response({ErrorCode::unsupported, "This path does not know this method.", {}}, 405);
    response.add("Allow", "POST");
    reply(std::move(response));
    return;
  }
  if (!ports_.status.ready()) {
    reply(not_ready());
    return;
  }
  const auto text = [&](std::string_view name) {
    return std::string(request.header(name).value_or(""));
  };
  const auto taken =
      ports_.commands.take_github_webhook({text("x-github-event"), text("x-github-delivery"),
                                           text("x-hub-signature-256"), std::move(request.body)});
  if (!taken) {
    reply(problem_response(taken.error()));
    return;
  }
  HttpResponse response;
  response.status = 204;
  reply(std::move(response));
}

void Router::post_ratchet(Call& call) {
  const auto body = read_json_body<RatchetBody>(call.request);
  if (!body) {
    call.reply(problem_response(body.error()));
    return;
  }
  ports_.commands.set_ratchet(model::WorkspaceId(call.id), body->enabled,
                              answer_revision(std::move(call.reply)));
}

void Router::post_pull_request_refresh(Call& call) {
  ports_.commands.refresh_pull_request(model::WorkspaceId(call.id),
                                       answer_revision(std::move(call.reply)));
}

}  // namespace sb::transport
