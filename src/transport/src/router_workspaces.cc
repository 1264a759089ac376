#include <utility>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/transport/workspace_sink.h"

#include "json_body.h"
#include "output_response.h"
#include "router.h"

// The workspace commands of Router (protocol, section 6).

namespace sb::transport {
namespace {

constexpr std::size_t kOutputBytesMax = 256U << 10U;  // of one answer
constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kTooManyRequests = 429;

struct CreateBody {
  std::string name;
  std::optional<std::string> branchName;
  std::optional<std::string> from;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (), (name, branchName, from))
static_assert(all_members_described<CreateBody>());

struct RenameBody {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(RenameBody, (), (name))
static_assert(all_members_described<RenameBody>());

struct ArchiveBody {
  std::optional<bool> removeWorktree;
  std::optional<bool> force;
};
BOOST_DESCRIBE_STRUCT(ArchiveBody, (), (removeWorktree, force))
static_assert(all_members_described<ArchiveBody>());

HttpResponse nothing_here() {
  return problem_response({ErrorCode::not_found, "There is nothing at this path.", {}});
}

HttpResponse command_problem(const Error& error) {
  return problem_response(error, error.code == ErrorCode::limit_exceeded ? kTooManyRequests : 0);
}

/// The answer to a command that leaves a workspace behind.
HttpResponse state_response(int status, std::string_view epoch, const WorkspaceSink::State& state) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("workspaceId").string(state.id.view());
  json.key("name").string(state.name);
  json.key("status").string(enum_text(state.status));
  json.key("branchName");
  state.branch ? json.string(*state.branch) : json.null();
  json.key("worktreePath").string(state.worktree_path);
  json.key("epoch").string(epoch);
  json.key("revision").number(state.revision);
  json.end_object();
  return json_response(status, std::move(text));
}

HttpResponse archived_response(const model::ProjectId& project,
                               const WorkspaceSink::ArchivedList& archived) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("projectId").string(project.view());
  json.key("workspaces").begin_array();
  for (const auto& one : archived.workspaces) {
    json.begin_object();
    json.key("workspaceId").string(one.id.view());
    json.key("name").string(one.name);
    json.key("branchName");
    one.branch ? json.string(*one.branch) : json.null();
    json.key("worktreePath").string(one.worktree_path);
    json.key("createdAt").string(to_iso(one.created_at));
    std::string problem;
    append_json(problem, one.problem);
    json.key("problem").raw(problem);
    json.end_object();
  }
  json.end_array();
  json.key("complete").boolean(archived.complete);
  json.end_object();
  auto response = json_response(kOk, std::move(text));
  response.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

std::function<void(Result<WorkspaceSink::State>)> Router::answer_state(int status, Reply reply) {
  return [weak = weak_from_this(), status,
          reply = std::move(reply)](const Result<WorkspaceSink::State>& state) {
    const auto self = weak.lock();
    if (!self) return;
    reply(state ? state_response(status, self->ports_.store.epoch(), *state)
                : command_problem(state.error()));
  };
}

void Router::post_workspace(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  auto body = read_json_body<CreateBody>(call.request);
  if (!body) return call.reply(problem_response(body.error()));
  ports_.workspaces->create({model::ProjectId(call.id), std::move(body->name),
                             std::move(body->branchName), std::move(body->from)},
                            answer_state(kCreated, std::move(call.reply)));
}

void Router::post_workspace_retry(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  ports_.workspaces->retry(model::WorkspaceId(call.id), answer_state(kOk, std::move(call.reply)));
}

void Router::post_workspace_rename(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  auto body = read_json_body<RenameBody>(call.request);
  if (!body) return call.reply(problem_response(body.error()));
  ports_.workspaces->rename(model::WorkspaceId(call.id), std::move(body->name),
                            answer_state(kOk, std::move(call.reply)));
}

void Router::post_workspace_archive(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  ArchiveBody wish;
  if (!call.request.body.empty()) {
    const auto body = read_json_body<ArchiveBody>(call.request);
    if (!body) return call.reply(problem_response(body.error()));
    wish = *body;
  }
  ports_.workspaces->end(model::WorkspaceId(call.id),
                         {wish.removeWorktree.value_or(false), wish.force.value_or(false), false},
                         answer_revision(std::move(call.reply)));
}

void Router::get_archived(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  const model::ProjectId project(call.id);
  ports_.workspaces->archived(project, [project, reply = std::move(call.reply)](
                                           const Result<WorkspaceSink::ArchivedList>& archived) {
    reply(archived ? archived_response(project, *archived) : command_problem(archived.error()));
  });
}

void Router::post_workspace_unarchive(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  ports_.workspaces->put_back(model::WorkspaceId(call.id),
                              answer_state(kOk, std::move(call.reply)));
}

void Router::delete_workspace(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  const auto force = call.target.param("force");
  if (force && *force != "true" && *force != "false") {
    return call.reply(
        problem_response({ErrorCode::invalid_argument, "force is true or false.", {}}));
  }
  ports_.workspaces->end(model::WorkspaceId(call.id), {true, force && *force == "true", true},
                         answer_revision(std::move(call.reply)));
}

void Router::get_setup_output(Call& call) {
  if (ports_.workspaces == nullptr) return call.reply(nothing_here());
  const auto from = number_param(call.target, "from", 0);
  if (!from) {
    return call.reply(
        problem_response({ErrorCode::invalid_argument, "from must be a whole number.", {}}));
  }
  ports_.workspaces->setup_output(
      model::WorkspaceId(call.id), *from, kOutputBytesMax,
      [reply = std::move(call.reply)](Result<OutputPiece> output) {
        reply(output ? output_response(*std::move(output)) : problem_response(output.error()));
      });
}

}  // namespace sb::transport
