#include <utility>

#include "sb/core/json_codec.h"
#include "sb/transport/terminal_sink.h"

#include "router.h"

// The terminal route of Router.

namespace sb::transport {
namespace {

constexpr std::size_t kPathBytesMax = 4096;  // of a folder (PATH_MAX)
constexpr std::size_t kTextBytesMax = 200;   // of a title, a name and a message

struct ProcessBody {
  std::string boot;
  std::int32_t pid = 0;
  std::int64_t startTicks = 0;
};
BOOST_DESCRIBE_STRUCT(ProcessBody, (), (boot, pid, startTicks))
static_assert(all_members_described<ProcessBody>());

struct ProgramBody {
  std::string state;
  std::optional<std::string> kind;
  std::optional<std::string> app;
  std::optional<std::string> message;
  ProcessBody process;
};
BOOST_DESCRIBE_STRUCT(ProgramBody, (), (state, kind, app, message, process))
static_assert(all_members_described<ProgramBody>());

struct TerminalBody {
  std::string directory;
  model::TerminalState state = model::TerminalState::open;
  std::optional<std::string> title;
  std::optional<WallTime> lastActivityAt;
  ProcessBody process;
  std::optional<ProgramBody> program;
};
BOOST_DESCRIBE_STRUCT(TerminalBody, (), (directory, state, title, lastActivityAt, process, program))
static_assert(all_members_described<TerminalBody>());

Result<ProcessIdentity> to_identity(const ProcessBody& body, std::string path) {
  if (body.pid <= 0 || body.startTicks <= 0 || body.boot.empty() ||
      body.boot.size() > kTextBytesMax) {
    return fail(ErrorCode::invalid_argument, "A process is {boot, pid, startTicks}.",
                std::move(path));
  }
  return ProcessIdentity{body.boot, body.pid, static_cast<std::uint64_t>(body.startTicks)};
}

Result<void> check_text(const std::optional<std::string>& text, std::string path) {
  if (!text || text->size() <= kTextBytesMax) return {};
  return fail(ErrorCode::invalid_argument, "A text of at most 200 bytes.", std::move(path));
}

Result<TerminalSink::Program> to_program(ProgramBody& body) {
  TerminalSink::Program program;
  SB_TRY(program.process, to_identity(body.process, "$.program.process"));
  SB_TRY_VOID(check_text(body.state, "$.program.state"));
  SB_TRY_VOID(check_text(body.kind, "$.program.kind"));
  SB_TRY_VOID(check_text(body.app, "$.program.app"));
  SB_TRY_VOID(check_text(body.message, "$.program.message"));
  program.state = body.state;
  program.kind = body.kind;
  program.app = body.app.value_or("");
  program.message = body.message.value_or("");
  return program;
}

Result<TerminalSink::Report> to_report(std::string id, TerminalBody& body) {
  if (id.size() > model::kIdBytesMax) {
    return fail(ErrorCode::invalid_argument, "An id of at most 256 bytes.");
  }
  if (!body.directory.starts_with('/') || body.directory.size() > kPathBytesMax) {
    return fail(ErrorCode::invalid_argument, "An absolute path.", "$.directory");
  }
  TerminalSink::Report report;
  SB_TRY(report.process, to_identity(body.process, "$.process"));
  SB_TRY_VOID(check_text(body.title, "$.title"));
  if (body.program) {
    SB_TRY(report.program, to_program(*body.program));
  }
  report.id = std::move(id);
  report.directory = std::move(body.directory);
  report.state = body.state;
  report.title = std::move(body.title);
  report.last_activity_at = body.lastActivityAt;
  return report;
}

}  // namespace

void Router::put_terminal(Call& call) {
  if (ports_.terminals == nullptr) {
    call.reply(problem_response({ErrorCode::not_found, "There is nothing at this path.", {}}));
    return;
  }
  if (!call.local) {
    // It names processes of this machine.
    call.reply(problem_response(
        {ErrorCode::forbidden, "Terminals report over the Unix socket only.", {}}));
    return;
  }
  JsonDocument document;
  const auto value = document.parse(call.request.body);
  auto body = value ? from_json<TerminalBody>(*value, "$")
                    : Result<TerminalBody>(tl::unexpect, value.error());
  if (!body) return call.reply(problem_response(body.error()));
  auto report = to_report(std::move(call.id), *body);
  if (!report) return call.reply(problem_response(report.error()));
  ports_.terminals->report(*std::move(report),
                           [reply = std::move(call.reply)](const Result<void>& taken) {
                             if (!taken) return reply(problem_response(taken.error()));
                             HttpResponse response;
                             response.status = 204;
                             reply(std::move(response));
                           });
}

}  // namespace sb::transport
