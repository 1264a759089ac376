#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/random.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/workspace/lifecycle_steps.h"
#include "sb/workspace/types.h"

namespace sb::sqlite {
class Writer;
}

namespace sb::workspace {

/// True when the lifecycle (contract, section 21) allows the step.
[[nodiscard]] bool may_become(model::WorkspaceStatus from, model::WorkspaceStatus to);

/// Owns projects and workspaces: their tables, the lifecycle state machine, and adoption of git
/// worktrees. Every change is a compare-and-set committed by the database thread; its event is
/// emitted on the loop after the commit, with the stamp the commit carries; a failed or lost write
/// emits nothing. Lifecycle: construct, `load`, then everything else. Callbacks stop after
/// destruction. Thread: confined to the loop. Borrows everything it is given.
class WorkspaceService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    sqlite::Writer& writer;
    const Clock& clock;
    Random& random;
    model::OwnCounter& counter;
    Logger log;
  };
  explicit WorkspaceService(Deps deps);
  ~WorkspaceService();

  void on_event(std::function<void(const Event&)> listener);

  /// Reads all rows and raises the counter above every stamp; what was being set up when an earlier
  /// life ended has become FAILED. Blocks; for start-up, before the loop runs.
  Result<Contents> load();
  /// The same read through the queue, for a pass. `fence` is taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);

  struct Registration {
    ProjectRow row;
    bool created = false;
  };
  /// Registers the repository that holds `path` (any worktree of it, or a bare repository) and
  /// adopts its worktrees. Errors: invalid_argument (not a repository, with the path in the
  /// message).
  void register_project(std::string path, std::optional<std::string> name,
                        std::optional<std::string> default_branch,
                        std::function<void(Result<Registration>)> done);
  /// Removes a project and its workspaces. Errors: not_found.
  void remove_project(const model::ProjectId& id, std::function<void(Result<void>)> done);

  struct Adoption {
    std::size_t added = 0, changed = 0, removed = 0;
    [[nodiscard]] std::size_t total() const { return added + changed + removed; }
  };
  /// Enumerates the worktrees of a project by reading files (no process) and makes the rows equal:
  /// new ones are added as READY, moved ones keep their id, changed branches are written, missing
  /// folders get the problem `worktree_missing`, and those git no longer lists are removed. Single
  /// flight per project: a call during a run causes one more run and both callers are answered.
  /// Counts are what was corrected.
  void adopt(const model::ProjectId& id, std::function<void(Result<Adoption>)> done);

  /// Lifecycle step by compare-and-set. Errors: not_found, conflict (another status held, or the
  /// step is not allowed).
  void transition(const model::WorkspaceId& id, model::WorkspaceStatus from,
                  model::WorkspaceStatus to, std::function<void(Result<WorkspaceRow>)> done);
  // The longer steps, for WorkspaceCommands, which does what they speak of. Rows like the others:
  // committed, then told. Errors of all: not_found.

  /// A NEW workspace. Errors: conflict (the path is another workspace's).
  void plan(Plan plan, std::function<void(Result<WorkspaceRow>)> done);
  /// NEW or FAILED to PROVISIONING. `mark` names the processes of its set-up. Errors: conflict.
  void begin_making(const model::WorkspaceId& id, model::WorkspaceStatus from, std::string mark,
                    std::function<void(Result<Making>)> done);
  /// Keeps in mind that the worktree is complete. Tells nothing: nobody can see it.
  void note_worktree_made(const model::WorkspaceId& id, std::function<void(Result<void>)> done);
  /// PROVISIONING to READY or FAILED, with the branch in the same change. Errors: conflict.
  void end_making(const model::WorkspaceId& id, MakingEnd end,
                  std::function<void(Result<WorkspaceRow>)> done);
  /// READY or FAILED to ARCHIVING; the order is kept until its end. Errors: conflict.
  void begin_archive(const model::WorkspaceId& id, ArchiveOrder order,
                     std::function<void(Result<WorkspaceRow>)> done);
  /// ARCHIVING to ARCHIVED, or back to what it was. Errors: conflict.
  void end_archive(const model::WorkspaceId& id, bool archived,
                   std::function<void(Result<WorkspaceRow>)> done);
  /// An archived workspace comes back as a new one with the same worktree. Errors: conflict.
  void put_back(const model::WorkspaceId& id, std::function<void(Result<WorkspaceRow>)> done);
  /// Drops the row.
  void forget(const model::WorkspaceId& id, std::function<void(Result<void>)> done);

  /// The archived workspaces of a project that can come back, newest first, at most kArchivedMax.
  /// Errors: not_found (no such project).
  void archived(const model::ProjectId& id, std::function<void(Result<Archived>)> done);
  static constexpr std::size_t kArchivedMax = 1'000;

  void find(const model::WorkspaceId& id, std::function<void(Result<Found>)> done);
  void survey(const model::ProjectId& id, std::function<void(Result<Survey>)> done);
  /// The kept output of the last set-up script. Errors: not_found also when none ran.
  void setup_output(const model::WorkspaceId& id, std::function<void(Result<SetupOutput>)> done);
  /// What an earlier life left unfinished; marks are forgotten with the answer.
  void take_unfinished(std::function<void(Result<Unfinished>)> done);

  /// White space around the name is dropped. Errors: not_found, invalid_argument (blank, longer
  /// than kNameBytesMax, not printable UTF-8).
  void rename(const model::WorkspaceId& id, std::string name,
              std::function<void(Result<WorkspaceRow>)> done);
  static constexpr std::size_t kNameBytesMax = 256;  // bytes

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::workspace
