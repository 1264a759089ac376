#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "sb/core/process_identity.h"
#include "sb/session/level_source.h"
#include "sb/session/program_status.h"

namespace sb::session {

/// True when `process` belongs to the process group that `leader` leads: an agent that was started
/// through a wrapper does not lead its own. Reads /proc.
[[nodiscard]] bool runs_in_group(const ProcessIdentity& process, const ProcessIdentity& leader);

/// What programs say of themselves on their terminals (OSC 7501), as a level source of every agent:
/// pushed by whoever holds the terminal, read like the others, believed after an agent's own file.
/// Thread-safe.
class ProgramLevels final : public LevelSource {
 public:
  [[nodiscard]] std::string_view agent() const override { return {}; }
  [[nodiscard]] int rank() const override { return 1; }
  [[nodiscard]] bool pushed() const override { return true; }
  [[nodiscard]] std::string file(const LevelQuery&) const override { return {}; }
  [[nodiscard]] Level read(const LevelQuery& query) const override;

  /// True when it says something new.
  bool put(const std::string& terminal, const ProcessIdentity& leader, const ProgramStatus& status);
  /// The group that spoke there, if any did.
  std::optional<ProcessIdentity> drop(const std::string& terminal);
  [[nodiscard]] std::optional<ProcessIdentity> leader(const std::string& terminal) const;

 private:
  struct Entry {
    ProcessIdentity leader;
    ProgramStatus status;
    std::uint64_t serial = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by terminal; guarded by mutex_
  std::uint64_t last_serial_ = 0;         // guarded by mutex_
};

}  // namespace sb::session
