#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sb/core/loop.h"
#include "sb/core/process_identity.h"
#include "sb/core/result.h"

namespace sb::process {

/// The random name of this boot; empty when the kernel does not tell. Thread-safe.
[[nodiscard]] const std::string& boot_id();

/// Who runs under this pid now. Thread-safe. Errors: not_found.
[[nodiscard]] Result<ProcessIdentity> identify(std::int32_t pid);

/// True when exactly this process runs: a zombie and a new user of the pid do not count.
[[nodiscard]] bool is_running(const ProcessIdentity& process);

/// Tells when processes end that are not ours to wait for: one pidfd each, one thread for all,
/// which sleeps while nothing happens. Lifecycle: callbacks stop with the destructor. Thread:
/// confined to the loop, on which every callback runs.
class ProcessWatch {
 public:
  using WatchId = std::uint64_t;  ///< never 0
  /// The exit code, 128 + signal when a signal ended it; empty when the kernel cannot tell (before
  /// Linux 6.15), or its parent did not collect it within kExitCodePatience.
  using Ended = std::function<void(std::optional<int> exit_code)>;

  explicit ProcessWatch(Loop& loop);
  ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  /// Calls `ended` once, also when the process ends while this runs. Errors: not_found (no such
  /// process, or another one has its pid now), limit_exceeded, unavailable (no descriptor left).
  Result<WatchId> watch(const ProcessIdentity& process, Ended ended);
  /// An unknown id is nothing.
  void remove(WatchId id);
  [[nodiscard]] std::size_t watched() const;

  static constexpr std::chrono::milliseconds kExitCodePatience{1'000};
  static constexpr std::chrono::milliseconds kExitCodeRetry{50};
  static constexpr std::size_t kWatchesMax = 4'096;  // processes

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::process
