#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/output_piece.h"
#include "sb/core/random.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/run_script/types.h"

namespace sb::sqlite {
class Writer;
}
namespace sb::process {
class Supervision;
}

namespace sb::run_script {

/// True when the state machine (contract, section 21) allows the step.
[[nodiscard]] bool may_become(model::RunScriptStatus from, model::RunScriptStatus to);

struct RunScriptOptions {
  std::chrono::milliseconds grace{5'000};            ///< between TERM and KILL
  std::size_t output_bytes_max = 256U << 10U;        ///< kept of the output of each run
  std::chrono::milliseconds port_poll{10'000};       ///< how often the ports of a run are looked at
  std::chrono::milliseconds port_poll_young{1'000};  ///< while none was found, for port_young
  std::chrono::milliseconds port_young{60'000};
  unsigned file_mask = 022;  ///< umask of what runs
};

/// Owns the run scripts: one supervised command a workspace, its state machine, output and port.
/// Every change is a compare-and-set committed by the database thread; its event is told on the
/// loop after the commit, with the stamp the commit carries; a failed or lost write tells nothing.
/// The mark of a run is committed before its command starts, so that no crash can lose it from
/// sight. Lifecycle: construct, `load`, `begin` once ready, `shut_down` before it goes. Thread:
/// confined to the loop. Borrows everything it is given.
class RunScriptService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    sqlite::Writer& writer;
    process::Supervision& supervision;
    const Clock& clock;
    Random& random;
    model::OwnCounter& counter;
    Logger log;
  };
  RunScriptService(Deps deps, RunScriptOptions options);
  ~RunScriptService();

  void on_event(std::function<void(const RunScriptChanged&)> listener);

  /// Reads all rows, resets what a crash left in between (STARTING and STOPPING become IDLE,
  /// RUNNING becomes FAILED: nothing outlives the server), and raises the counter above every
  /// stamp. Blocks; for start-up, before the loop runs.
  Result<Contents> load();
  /// Ends what runs of an earlier life may have left.
  void begin();
  /// Rows of running scripts become IDLE; their supervisors end them. Nothing is told any more.
  void shut_down();

  /// The same read through the queue, for a pass, after repairing rows that do not fit what runs.
  /// `fence` is taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);

  using Done = std::function<void(Result<RunScriptRow>)>;
  /// Starts `command`, or without one what the worktree configures, and answers once it runs or
  /// could not be started. Errors: conflict (it runs already, or its last run is still being
  /// ended), not_found (no command), invalid_argument.
  void start(const model::WorkspaceId& id, std::string worktree,
             std::optional<std::vector<std::string>> command, Done done);
  /// TERM to the whole tree, KILL after the grace; answers once nothing of it is left. One that
  /// does not run is answered as it is. Errors: not_found (never ran).
  void stop(const model::WorkspaceId& id, Done done);
  /// Ends what runs, as `stop` does, and what an earlier life left. Answers when nothing runs.
  void halt(const model::WorkspaceId& id, std::function<void()> done);
  /// Ends what runs and drops the row. Answers when nothing is left.
  void release(const model::WorkspaceId& id, std::function<void()> done);

  /// Output from position `from`, at most `bytes_max`; waits up to `wait` for some to come. Errors:
  /// not_found (nothing ran in this life of the server).
  void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
              std::chrono::milliseconds wait, std::function<void(Result<OutputPiece>)> done);

  [[nodiscard]] std::size_t running() const;

  static constexpr std::size_t kCommandWordsMax = 1'000;
  static constexpr std::size_t kCommandBytesMax = 64U << 10U;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::run_script
