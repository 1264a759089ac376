#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sb/core/process_identity.h"
#include "sb/process/process_watch.h"

namespace sb::process {

/// What `/proc/<pid>/stat` tells of a process.
struct ProcessEntry {
  pid_t pid = -1;
  std::uint64_t start_ticks = 0;  ///< since boot
  char state = '?';               ///< as in ps: R S D T Z …
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  std::uint64_t terminal = 0;  ///< device number of its controlling terminal, 0: none
  pid_t foreground_group = 0;  ///< of that terminal; -1: none
  int depth = 0;               ///< below the root of `process_tree`
  [[nodiscard]] ProcessIdentity identity() const { return {boot_id(), pid, start_ticks}; }
};

// Everything here reads /proc: thread-safe, blocks for microseconds per process.

/// Nothing when there is no such process (a zombie is one, until it is reaped).
[[nodiscard]] std::optional<ProcessEntry> read_process(pid_t pid);
/// `root` and everything below it, parents first.
[[nodiscard]] std::vector<ProcessEntry> process_tree(pid_t root);
/// Every process of the machine.
[[nodiscard]] std::vector<ProcessEntry> all_processes();

/// The variable that marks everything a supervised run starts, inherited by its whole tree.
inline constexpr std::string_view kMarkVariable = "SNAPBOARD_RUN";

/// Sends a signal to exactly that process: false when it is gone.
bool send_signal(const ProcessIdentity& identity, int signal);

/// Ends what a run left behind whose supervisor is gone: every process that carries `mark` in its
/// environment, the sessions those began and everything below, and `first` with the same (a program
/// may have dropped its environment). TERM, after `grace` KILL. Blocks until none is left: workers
/// only. Answers how many there were. Never ends the caller.
std::size_t end_marked(std::string_view mark, const std::optional<ProcessIdentity>& first,
                       std::chrono::milliseconds grace);

}  // namespace sb::process
