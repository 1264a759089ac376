#pragma once

#include "sb/session/session_service.h"
#include "sb/terminal/terminal_service.h"
#include "sb/transport/terminal_sink.h"

namespace sb::app {

/// Plugs the terminal domain into PUT /api/terminals/{id}, and hands what programs say on their
/// terminals to the session domain. Thread: confined to the loop.
class TerminalPort final : public transport::TerminalSink {
 public:
  TerminalPort(terminal::TerminalService& terminals, session::SessionService& sessions);
  void report(Report report, std::function<void(Result<void>)> done) override;

 private:
  terminal::TerminalService* terminals_;
  session::SessionService* sessions_;
};

}  // namespace sb::app
