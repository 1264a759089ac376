#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/process_identity.h"
#include "sb/core/result.h"
#include "sb/process/process_table.h"

namespace sb::process {

/// A command that runs until it ends or is stopped. No shell is involved. Of our environment it
/// gets all but kWithheldVariables.
struct SupervisedSpec {
  std::string mark;  ///< names the run in the environment of its whole tree; unique for ever
  std::vector<std::string> argv;
  std::string cwd;
  std::vector<std::pair<std::string, std::string>> set_env;
  std::vector<std::string> unset_env;
  std::size_t output_bytes_max = 256U << 10U;  ///< kept of its output; older bytes are dropped
  std::chrono::milliseconds grace{5'000};      ///< between TERM and KILL
  unsigned file_mask = 022;                    ///< its umask, which may differ from ours
};

/// What no run inherits: the secrets of the server, and what would make git look elsewhere than in
/// the worktree.
inline constexpr std::array<std::string_view, 5> kWithheldVariables{
    "SNAPBOARD_TOKEN", "SNAPBOARD_GITHUB_WEBHOOK_SECRET", "GIT_DIR", "GIT_WORK_TREE",
    "GIT_INDEX_FILE"};

/// How a run ended.
struct SupervisedEnd {
  enum class Kind {
    exited,       ///< `code`; nothing of the run is left
    signalled,    ///< `code` is the signal; nothing of the run is left
    not_started,  ///< `code` is errno
    lost,         ///< the supervisor was killed: what the run left must be ended (`end_marked`)
  };
  Kind kind = Kind::lost;
  int code = 0;
};

/// A piece of the output of a run, standard output and error as they came.
struct OutputSlice {
  std::uint64_t begin = 0;  ///< position of the first byte; above what was asked for: some are gone
  std::uint64_t end = 0;    ///< position to go on from
  std::uint64_t total = 0;  ///< everything the run ever wrote, bytes
  std::string bytes;
};

/// One run, as its owner holds it; may outlive the run for its output. Thread-safe.
class SupervisedRun {
 public:
  virtual ~SupervisedRun() = default;
  /// Ends the whole tree: TERM, after the grace KILL. Twice, or after its end, is nothing.
  virtual void stop() = 0;
  [[nodiscard]] virtual OutputSlice output(std::uint64_t from, std::size_t bytes_max) const = 0;
  /// Calls `output` of the listener once when more than `seen` bytes were written, at once if so.
  virtual void notify_beyond(std::uint64_t seen) = 0;
  /// Root of its process tree.
  [[nodiscard]] virtual pid_t supervisor() const = 0;
};

/// Must not block. `begun` is called by `start` before anything else is told, with the handle of
/// the run, so that no run is shorter than the way of its handle. The others are called on the
/// thread of `Supervision`: `started` and `ended` at most once each, in this order, `ended` always
/// unless the Supervision goes first.
struct SupervisedListener {
  std::function<void(std::shared_ptr<SupervisedRun> run)> begun;
  std::function<void(ProcessIdentity command)> started;
  std::function<void(SupervisedEnd end)> ended;
  std::function<void()> output;
};

/// Keeps long-lived children under small supervisors of their own (`supervise`), so that the end of
/// this process, however it comes, ends them too. One thread for all of them, begun with the first.
/// Lifecycle: the destructor lets the supervisors end their runs by themselves. Thread-safe.
class Supervision {
 public:
  /// `program` is started in `kSuperviseMode`.
  explicit Supervision(std::string program = "/proc/self/exe");
  ~Supervision();
  Supervision(const Supervision&) = delete;
  Supervision& operator=(const Supervision&) = delete;

  /// Blocks while a process is made: workers only. Errors, after which nothing is told: not_found
  /// (no such folder), internal. That the command cannot be run is told as `not_started`.
  Result<void> start(const SupervisedSpec& spec, SupervisedListener listener);
  /// How many were ever started.
  [[nodiscard]] std::uint64_t started() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::process
