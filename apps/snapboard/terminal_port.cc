#include "terminal_port.h"

#include <utility>
#include <variant>

namespace sb::app {

TerminalPort::TerminalPort(terminal::TerminalService& terminals, session::SessionService& sessions)
    : terminals_(&terminals), sessions_(&sessions) {
  // A terminal that ended without a word takes what was said on it along.
  terminals_->on_event([sessions = sessions_](const terminal::Event& event) {
    if (const auto* changed = std::get_if<terminal::TerminalChanged>(&event)) {
      if (changed->row.state != model::TerminalState::closed) return;
      sessions->drop_program(changed->row.id);
    } else {
      sessions->drop_program(std::get<terminal::TerminalRemoved>(event).id);
    }
  });
}

void TerminalPort::report(Report report, std::function<void(Result<void>)> done) {
  std::optional<session::ProgramReport> program;
  if (report.program) {
    auto status = session::read_program_status(report.program->state, report.program->kind,
                                               report.program->app, report.program->message);
    if (!status) return done(std::move(status).error());
    program = {std::move(report.program->process), report.directory, *std::move(status)};
  }
  terminal::TerminalReport taken;
  taken.id = report.id;
  taken.directory = std::move(report.directory);
  taken.state = report.state;
  taken.title = std::move(report.title);
  taken.last_activity_at = report.last_activity_at.value_or(WallTime());
  taken.process = std::move(report.process);
  terminals_->report(std::move(taken),
                     [sessions = sessions_, id = std::move(report.id), program = std::move(program),
                      done = std::move(done)](const Result<void>& result) {
                       if (result && program) {
                         sessions->tell_program(id, *program);
                       } else if (result) {
                         sessions->drop_program(id);
                       }
                       done(result);
                     });
}

}  // namespace sb::app
