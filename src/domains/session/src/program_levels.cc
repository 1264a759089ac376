#include "program_levels.h"

#include "sb/process/process_table.h"

namespace sb::session {
namespace {

Level to_level(const ProgramStatus& status, std::uint64_t serial) {
  Level level;
  level.version = "terminal-" + std::to_string(serial);
  switch (status.state) {
    case ProgramState::idle:
    case ProgramState::done:
      level.status = LevelStatus::idle;
      break;
    case ProgramState::working:
      level.status = LevelStatus::busy;
      break;
    case ProgramState::blocked:
      level.status = LevelStatus::waiting;
      level.request_type = status.kind == ProgramKind::question
                               ? model::PendingRequestType::user_question
                               : model::PendingRequestType::permission_request;
      break;
    case ProgramState::error:
      level.status = LevelStatus::failed;
      level.error = status.message.empty() ? "The program reports an error." : status.message;
      break;
  }
  return level;
}

}  // namespace

bool runs_in_group(const ProcessIdentity& process, const ProcessIdentity& leader) {
  if (!process.known() || !leader.known()) return false;
  if (process == leader) return true;
  const auto entry = process::read_process(process.pid);
  return entry && entry->start_ticks == process.start_ticks && entry->group == leader.pid;
}

Level ProgramLevels::read(const LevelQuery& query) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [terminal, entry] : entries_) {
    if (runs_in_group(query.process, entry.leader)) return to_level(entry.status, entry.serial);
  }
  return {};
}

bool ProgramLevels::put(const std::string& terminal, const ProcessIdentity& leader,
                        const ProgramStatus& status) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[terminal];
  if (entry.leader == leader && entry.status == status) return false;
  entry = {leader, status, ++last_serial_};
  return true;
}

std::optional<ProcessIdentity> ProgramLevels::drop(const std::string& terminal) {
  const std::lock_guard lock(mutex_);
  const auto taken = entries_.extract(terminal);
  return taken.empty() ? std::nullopt : std::optional(taken.mapped().leader);
}

std::optional<ProcessIdentity> ProgramLevels::leader(const std::string& terminal) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(terminal);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.leader);
}

}  // namespace sb::session
