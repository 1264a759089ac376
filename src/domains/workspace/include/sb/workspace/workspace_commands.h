#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/output_piece.h"
#include "sb/core/process_runner.h"
#include "sb/core/random.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/model/ids.h"
#include "sb/workspace/lifecycle_steps.h"
#include "sb/workspace/types.h"

namespace sb::process {
class Supervision;
}

namespace sb::workspace {

class WorkspaceService;

/// What this domain needs of its siblings; plugged in from outside.
struct WorkspacePorts {
  /// The command of the set-up script a worktree configures, as arguments. Called on a worker.
  /// Errors: not_found (it configures none), invalid_argument.
  std::function<Result<std::vector<std::string>>(const std::string& worktree)> setup_command;
  /// Ends every process that runs for a workspace, which may stay: nothing else is dropped. Calls
  /// back when none is left.
  std::function<void(const model::WorkspaceId& id, std::function<void()> done)> halt;
  /// The workspace goes: drops what others know of it too; calls back when nothing is left.
  std::function<void(const model::WorkspaceId& id, std::function<void()> done)> release;
};

struct CommandOptions {
  /// Where worktrees are made, in a folder per project; empty: `REPOSITORY.worktrees` beside the
  /// repository.
  std::string worktrees_dir;
  /// For a shell, where the repository configures no set-up script; empty: none then.
  std::string setup_script;
  std::chrono::milliseconds setup_timeout{600'000};  ///< of the set-up script
  std::chrono::milliseconds git_timeout{600'000};    ///< of one git command that changes something
  std::chrono::milliseconds ask_timeout{30'000};     ///< of one that only asks
  std::chrono::milliseconds grace{5'000};            ///< between TERM and KILL
  std::size_t live_output_bytes_max = 256U << 10U;   ///< kept of a script while it runs
  std::size_t stored_output_bytes_max = 64U << 10U;  ///< and after its end
  std::size_t makings_max = 4;                       ///< made at once; others stay NEW meanwhile
  std::size_t waiting_max = 100;                     ///< NEW ones; more are refused
  unsigned file_mask = 022;                          ///< umask of what runs
};

/// The commands that make and end workspaces (protocol, section 6): they run git and the set-up
/// script under supervisors and step the rows of WorkspaceService. Nothing that exists is written
/// over, and no work is deleted unless forced. Lifecycle: construct, `begin` once the rows are
/// loaded and everything else is ready, `stop` before the rest goes. Callbacks stop after
/// destruction. Thread: confined to the loop. Borrows everything it is given.
class WorkspaceCommands {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;  ///< may be held for as long as `ask_timeout`
    ProcessRunner& processes;
    process::Supervision& supervision;
    WorkspaceService& workspaces;
    Random& random;
    Logger log;
  };
  WorkspaceCommands(Deps deps, WorkspacePorts ports, CommandOptions options);
  ~WorkspaceCommands();

  /// Takes up what an earlier life left: planned workspaces are made, archives are brought to their
  /// end, processes of interrupted set-up scripts are ended.
  void begin();
  /// Nothing is begun or told any more; what runs ends with the supervision.
  void stop();

  struct Wish {
    model::ProjectId project;
    std::string name;
    std::optional<std::string> branch;  ///< else after the name
    std::optional<std::string> from;    ///< a revision, else the branch others are compared with
  };
  using RowDone = std::function<void(Result<WorkspaceRow>)>;
  /// Answers with the NEW row; worktree and set-up follow. A branch or folder named after the name
  /// gets a number when that is taken. Errors: not_found (project), invalid_argument (name, branch,
  /// from, with its path), conflict (the branch exists, the repository has no commit),
  /// limit_exceeded.
  void create(Wish wish, RowDone done);
  /// Goes on where the making of a FAILED workspace stopped; answers with the PROVISIONING row.
  /// Errors: not_found, conflict (not FAILED).
  void retry(const model::WorkspaceId& id, RowDone done);
  /// Ends what runs for the workspace and hides it, with `remove_worktree` removes its worktree
  /// too; answers when that is done. One that has no worktree is forgotten. A failure brings it
  /// back, with all but what ran for it. Errors: not_found, conflict (being set up or archived, the
  /// main worktree; without force what would be lost, a lock or submodules; or another worktree in
  /// its folder: that one goes by its own command only, whatever is forced).
  void archive(const model::WorkspaceId& id, ArchiveOrder order,
               std::function<void(Result<void>)> done);
  /// An archived workspace whose worktree is still there comes back as a new one. Errors:
  /// not_found, conflict.
  void put_back(const model::WorkspaceId& id, RowDone done);

  /// What the set-up script wrote, from a position on. Errors: not_found.
  void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
              std::function<void(Result<OutputPiece>)> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::workspace
