#pragma once

#include <functional>

#include "sb/session/session_service.h"
#include "sb/transport/ports.h"

namespace sb::app {

/// Plugs the session domain into POST /hooks/{agent}. Thread: confined to the loop.
class SessionHooks final : public transport::HookSink {
 public:
  explicit SessionHooks(session::SessionService& sessions) : sessions_(&sessions) {}
  void hook(Hook hook, std::function<void(Result<void>)> done) override {
    sessions_->report(hook.agent, session::parse_locators(hook.locators), hook.body,
                      std::move(done));
  }

 private:
  session::SessionService* sessions_;
};

}  // namespace sb::app
