#pragma once

#include <optional>
#include <string>

#include "sb/ratchet/ratchet_service.h"
#include "sb/session/session_service.h"

namespace sb::app {

/// Plugs the session domain into the ratchet: a fixer is a program that works, until a hook of an
/// agent speaks for it. Thread: confined to the loop.
class FixerSessions final : public ratchet::FixerSessions {
 public:
  explicit FixerSessions(session::SessionService& sessions) : sessions_(&sessions) {}
  void started(const ratchet::Fixer& fixer) override {
    session::ProgramStatus status;
    status.state = session::ProgramState::working;
    status.app = "Auto-fix";
    sessions_->tell_program(place(fixer), {fixer.process, fixer.worktree, status});
  }
  void ended(const ratchet::Fixer& fixer, std::optional<std::int64_t>) override {
    sessions_->drop_program(place(fixer));
  }

 private:
  /// In the place of the terminal that other programs speak from.
  static std::string place(const ratchet::Fixer& fixer) { return "fixer:" + fixer.id; }
  session::SessionService* sessions_;
};

}  // namespace sb::app
