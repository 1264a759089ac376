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
#include "sb/core/metrics.h"
#include "sb/core/random.h"
#include "sb/core/result.h"
#include "sb/git/git_service.h"
#include "sb/model/event.h"
#include "sb/model/project.h"
#include "sb/model/stamp.h"
#include "sb/orchestration/ingest.h"
#include "sb/orchestration/own_domain.h"
#include "sb/orchestration/source_state.h"
#include "sb/snapshot/store.h"
#include "sb/workspace/journal.h"
#include "sb/workspace/workspace_service.h"

namespace sb::orchestration {

struct EngineOptions {
  std::chrono::milliseconds reconcile_interval{60'000};  // after the end of the pass before
  double reconcile_jitter = 0.1;                         // share of the interval, either way
  std::size_t unjournalled_facts_max = 100'000;          // more waiting for the disk: refused
};

struct EngineReconciliation {
  std::optional<WallTime> last_at;
  std::uint64_t events_since = 0;
  std::uint64_t last_drift = 0;
};

/// The only room that knows both the domains and the store: maps domain events to facts, runs the
/// reconciliation pass, journals external facts, and decides when the server is ready. Lifecycle:
/// construct, `start` once the domains are loaded, `stop` before they go. Thread: confined to the
/// loop. Borrows everything it is given.
class Engine {
 public:
  struct Deps {
    Loop& loop;
    const Clock& clock;
    Random& random;
    model::OwnCounter& counter;
    snapshot::Store& store;
    workspace::WorkspaceService& workspaces;
    workspace::Journal& journal;
    git::GitService& git;
    Metrics& metrics;
    Logger log;
  };
  Engine(Deps deps, EngineOptions options);
  ~Engine();

  /// Joins one more of our own domains to the start, every pass and every end of a workspace.
  /// REQUIRES: before `start`.
  void add(std::unique_ptr<OwnDomain> domain);
  /// For building views: what the workspace domain told, and where facts go. Live as long as this.
  [[nodiscard]] const WorkspaceDirectory& directory() const;
  [[nodiscard]] OwnFactSink& own_facts();
  /// Ends every process the domains run for a workspace; everything else stays. For archive and
  /// delete: before its worktree goes.
  void halt(const model::WorkspaceId& id, std::function<void()> done);
  /// Stops everything the domains run for a workspace and drops what they know of it; the
  /// workspace itself stays. For archive and delete: once nothing can bring it back.
  void release(const model::WorkspaceId& id, std::function<void()> done);

  /// Fills the store from what was loaded, then enumerates worktrees; ready when every project was
  /// enumerated once.
  void start(const workspace::Contents& rows, const workspace::JournalContents& journal,
             std::function<void()> on_ready);
  /// No more passes or timers; events are refused as unavailable.
  void stop();
  [[nodiscard]] bool ready() const;

  struct EventsAnswer {
    std::string epoch;
    std::uint64_t revision = 0;
    std::vector<Ingest::Verdict> verdicts;
  };
  /// Applies events at once and calls `done` when they are durable. Errors: unavailable (not ready:
  /// nothing was applied; or the database cannot be written: the view shows them, they are kept and
  /// written as soon as it can, and sent again they are answered once that is so), limit_exceeded
  /// (too many wait for the disk: nothing was applied).
  void submit(std::vector<model::ExternalEvent> events,
              std::function<void(Result<EventsAnswer>)> done);

  struct Registered {
    model::ProjectInfo project;
    bool created = false;
    std::uint64_t revision = 0;
  };
  void register_project(std::string path, std::optional<std::string> name,
                        std::optional<std::string> default_branch,
                        std::function<void(Result<Registered>)> done);
  void remove_project(const model::ProjectId& id, std::function<void(Result<std::uint64_t>)> done);
  /// One pass now (joined with one that runs). Answers the revision after it.
  void reconcile(const model::ProjectId& id, std::function<void(Result<std::uint64_t>)> done);

  [[nodiscard]] std::vector<EngineSource> sources() const;
  [[nodiscard]] EngineReconciliation reconciliation() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::orchestration
