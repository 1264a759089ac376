#pragma once

#include <string>
#include <vector>

namespace sb::app {

struct RunOptions {
  std::string socket;
  std::string workspace;
  std::vector<std::string> command;  ///< empty: what the worktree configures
  bool stop = false;
};
/// `snapboard run`: starts the run script of a workspace, or stops it. Returns once it runs, or
/// once nothing of it is left.
int run(const RunOptions& options);

struct RatchetSwitch {
  std::string socket;
  std::string workspace;
  std::string position;  ///< "on" or "off"
};
/// `snapboard ratchet`: switches auto-fix of a workspace on or off.
int ratchet(const RatchetSwitch& options);

struct LogsOptions {
  std::string socket;
  std::string workspace;
  bool fixer = false;   ///< of the last fixer, else of the last run
  bool follow = false;  ///< until it ends
};
/// `snapboard logs`: the kept output of the last run, or of the last fixer.
int logs(const LogsOptions& options);

}  // namespace sb::app
