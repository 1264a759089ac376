#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "sb/core/process_runner.h"

namespace sb::process {

/// Runs children with posix_spawn (never fork), each in its own process group, output bounded,
/// deadline by poll on a pidfd and the pipes; TERM at the deadline, KILL of the group after
/// kKillGrace. A child inherits standard streams only, and no signal mask or disposition of ours.
/// Thread-safe: each call is independent. `cancel_all` makes running calls end soon (timeout) and
/// later ones fail (timeout).
/// Errors: those of ProcessRunner; not_found also when `cwd` is no folder.
class PosixRunner final : public ProcessRunner {
 public:
  PosixRunner();
  ~PosixRunner() override;
  Result<ProcessOutput> run(const ProcessSpec& spec) override;
  void cancel_all();
  /// How many children were ever spawned: the idle guarantee is tested with it.
  [[nodiscard]] std::uint64_t spawned() const;

  /// Between TERM and KILL, and again from KILL until we stop waiting for an unkillable child.
  static constexpr std::chrono::milliseconds kKillGrace{1'000};
  /// How long the output of an ended child is awaited when a grandchild still holds its pipe.
  static constexpr std::chrono::milliseconds kDrainGrace{200};

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::process
