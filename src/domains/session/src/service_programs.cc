#include <utility>

#include "service_impl.h"

// What programs say of themselves on their terminals: a level of the session that runs there, and a
// session of its own where no hook ever spoke.

namespace sb::session {
namespace {

constexpr std::string_view kTerminalAgent = "terminal";

std::string session_name(const ProcessIdentity& process) {
  return std::to_string(process.pid) + "-" + std::to_string(process.start_ticks);
}

}  // namespace

std::vector<Live*> SessionService::Impl::sessions_in(const ProcessIdentity& leader) const {
  std::vector<Live*> found;
  for (const auto& [id, live] : lives) {
    if (!live->state.ended && runs_in_group(live->state.process, leader)) {
      found.push_back(live.get());
    }
  }
  return found;
}

/// A hook speaks: what was known from the terminal alone is this session.
void SessionService::Impl::replace_programs(const Live& live) {
  if (live.row.agent == kTerminalAgent || !live.state.process.known()) return;
  std::vector<std::string> known;
  for (const auto& [id, other] : lives) {
    if (other->row.agent == kTerminalAgent &&
        runs_in_group(live.state.process, other->state.process)) {
      known.push_back(id);
    }
  }
  for (const auto& id : known) forget(id, [](const Result<void>&) {});
}

void SessionService::Impl::tell_edge(const ProcessIdentity& process, AgentEvent event) {
  event.session = session_name(process);
  HookLocators locators;
  locators.process = process;
  locators.directory = event.directory;
  const auto live = take_event(*find_agent(kTerminalAgent), event, locators);
  if (!live || *live == nullptr) return;
  follow(**live);
  persist(**live, [](const Result<void>&) {});
}

void SessionService::tell_program(const std::string& terminal, const ProgramReport& report) {
  if (impl_->stopped) return;
  if (const auto before = impl_->programs->leader(terminal); before && *before != report.process) {
    drop_program(terminal);
  }
  const bool fresh = impl_->programs->put(terminal, report.process, report.status);
  if (const auto sessions = impl_->sessions_in(report.process); !sessions.empty()) {
    for (Live* live : sessions) {
      if (fresh) impl_->read_level(*live);
    }
    return;
  }
  const ProgramState state = report.status.state;
  if (state == ProgramState::done || state == ProgramState::error) return;  // over already
  AgentEvent event;
  event.directory = report.directory;
  if (!report.status.app.empty()) event.name = report.status.app;
  event.edge.kind = EdgeKind::started;
  event.edge.opening = state == ProgramState::working ? Opening::working : Opening::idle;
  impl_->tell_edge(report.process, std::move(event));
}

void SessionService::drop_program(const std::string& terminal) {
  const auto leader = impl_->programs->drop(terminal);
  if (!leader || impl_->stopped) return;
  // Only a session that is known from here alone is over with it.
  const Live* live = impl_->find(std::string(kTerminalAgent) + ":" + session_name(*leader));
  if (live == nullptr) return;
  AgentEvent event;
  event.edge.kind = EdgeKind::ended;
  impl_->tell_edge(*leader, std::move(event));
}

}  // namespace sb::session
