#pragma once

#include <memory>

#include "sb/core/process_runner.h"

namespace sb::process {

/// Runs children with posix_spawn (never fork), each in its own process group, output bounded, deadline by poll on a
/// pidfd and the pipes; TERM at the deadline, KILL of the group after kKillGrace.
/// Thread-safe: each call is independent. `cancel_all` makes running calls end soon (timeout) and later ones fail.
class PosixRunner final : public ProcessRunner {
 public:
  PosixRunner();
  ~PosixRunner() override;
  Result<ProcessOutput> run(const ProcessSpec& spec) override;
  void cancel_all();
  /// How many children were ever spawned: the idle guarantee is tested with it.
  [[nodiscard]] std::uint64_t spawned() const;

  static constexpr std::chrono::milliseconds kKillGrace{1'000};

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::process
