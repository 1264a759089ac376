#include <algorithm>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/transport/run_script_sink.h"

#include "output_response.h"
#include "router.h"

// The routes of Router for what runs in a workspace: run scripts and fixers.

namespace sb::transport {
namespace {

constexpr std::size_t kOutputBytesMax = 256U << 10U;  // of one answer

struct RunScriptBody {
  std::string action;
  std::optional<std::vector<std::string>> command;
};
BOOST_DESCRIBE_STRUCT(RunScriptBody, (), (action, command))
static_assert(all_members_described<RunScriptBody>());

}  // namespace

void Router::post_run_script(Call& call) {
  if (ports_.run_script == nullptr) {
    call.reply(problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
    return;
  }
  JsonDocument document;
  const auto value = document.parse(call.request.body);
  auto body = value ? from_json<RunScriptBody>(*value, "$")
                    : Result<RunScriptBody>(tl::unexpect, value.error());
  if (!body) return call.reply(problem_response(body.error()));
  if (body->command && !call.local) {
    // A token that leaks to a page starts at most what the repository itself configures.
    return call.reply(problem_response(
        {ErrorCode::forbidden, "A command is taken over the Unix socket only.", "$.command"}));
  }
  const auto done = [weak = weak_from_this(),
                     reply = std::move(call.reply)](const Result<RunScriptSink::State>& state) {
    const auto self = weak.lock();
    if (!self) return;
    if (!state) return reply(problem_response(state.error()));
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.key("epoch").string(self->ports_.store.epoch());
    json.key("revision").number(state->revision);
    json.key("runScriptStatus").string(enum_text(state->status));
    if (state->port) json.key("runScriptPort").number(*state->port);
    if (state->exit_code) json.key("exitCode").number(*state->exit_code);
    if (state->error) json.key("error").string(*state->error);
    json.end_object();
    reply(json_response(200, std::move(text)));
  };
  const model::WorkspaceId id(call.id);
  if (body->action == "start") {
    ports_.run_script->start(id, std::move(body->command), done);
  } else if (body->action == "stop") {
    ports_.run_script->stop(id, done);
  } else {
    done(fail(ErrorCode::invalid_argument, "The action is start or stop."));
  }
}

void Router::get_run_script_output(Call& call) {
  answer_output(call, ports_.run_script);
}

void Router::get_fixer_output(Call& call) {
  answer_output(call, ports_.fixers);
}

void Router::answer_output(Call& call, OutputSink* sink) {
  if (sink == nullptr) {
    call.reply(problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
    return;
  }
  const auto from = number_param(call.target, "from", 0);
  const auto wait = wait_param(call.target);
  if (!from || !wait) {
    return call.reply(problem_response(
        {ErrorCode::invalid_argument, "from and waitMs must be whole numbers.", {}}));
  }
  sink->output(
      model::WorkspaceId(call.id), *from, kOutputBytesMax, *wait,
      [reply = std::move(call.reply)](Result<OutputPiece> output) {
        reply(output ? output_response(*std::move(output)) : problem_response(output.error()));
      });
}

}  // namespace sb::transport
