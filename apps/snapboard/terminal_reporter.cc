#include "terminal_reporter.h"

#include <algorithm>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/core/percent.h"
#include "sb/core/utf8.h"

#include "local_api.h"

namespace sb::app {
namespace {

constexpr int kHttpNoContent = 204;
constexpr int kHttpServerError = 500;
constexpr int kHttpTooMany = 429;

void write_process(JsonWriter& json, const ProcessIdentity& process) {
  json.begin_object();
  json.key("boot").string(process.boot);
  json.key("pid").number(process.pid);
  json.key("startTicks").number(process.start_ticks);
  json.end_object();
}

std::string to_body(const TerminalReporter::Terminal& terminal, const TerminalNow& now) {
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.key("directory").string(to_valid_utf8(terminal.directory));
  json.key("state").string(enum_text(now.state));
  if (now.title) json.key("title").string(*now.title);
  json.key("lastActivityAt").string(to_iso(now.last_activity_at));
  json.key("process");
  write_process(json, terminal.process);
  if (now.program) {
    const session::ProgramStatus& status = now.program->status;
    json.key("program").begin_object();
    json.key("state").string(enum_text(status.state));
    if (status.kind) json.key("kind").string(enum_text(*status.kind));
    json.key("app").string(status.app);
    json.key("message").string(status.message);
    json.key("process");
    write_process(json, now.program->process);
    json.end_object();
  }
  json.end_object();
  return body;
}

}  // namespace

TerminalReporter::TerminalReporter(std::string socket, Terminal terminal)
    : socket_(std::move(socket)), terminal_(std::move(terminal)) {
  wanted_.last_activity_at = SystemClock().wall_now();
  thread_ = std::thread([this] { run(); });
}

TerminalReporter::~TerminalReporter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void TerminalReporter::set(const TerminalNow& now) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ == now) return;
    wanted_ = now;
  }
  wake_.notify_one();
}

TerminalReporter::Answer TerminalReporter::tell(const TerminalNow& now) const {
  const auto socket = find_socket(socket_);
  if (!socket) return Answer::none;
  const auto answer =
      local_request(*socket, "PUT", "/api/terminals/" + percent_encode(terminal_.id),
                    to_body(terminal_, now), "application/json", kAnswerPatience);
  if (!answer || answer->status >= kHttpServerError || answer->status == kHttpTooMany) {
    return Answer::none;
  }
  return answer->status == kHttpNoContent ? Answer::taken : Answer::refused;
}

void TerminalReporter::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    const auto clock = SteadyClock::now();
    const auto due = told_ == wanted_ ? std::max(restate_at_, not_before_) : not_before_;
    if (clock < due) {
      wake_.wait_until(lock, due);
      continue;
    }
    const TerminalNow now = wanted_;
    lock.unlock();
    const Answer answer = tell(now);
    lock.lock();
    const auto after = SteadyClock::now();
    restate_at_ = after + kRestate;
    if (answer == Answer::taken) {
      told_ = now;
      retry_ = kRetryFirst;
      not_before_ = after + kGap;
    } else {
      // Refused: the workspace may not be there yet. None: the server may come.
      told_.reset();
      retry_ = answer == Answer::refused ? kRetryMax : std::min(2 * retry_, kRetryMax);
      not_before_ = after + retry_;
    }
  }
  if (!told_) return;  // nobody knows it
  TerminalNow closed = wanted_;
  closed.state = model::TerminalState::closed;
  closed.program.reset();
  lock.unlock();
  (void)tell(closed);
}

}  // namespace sb::app
