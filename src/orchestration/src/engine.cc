#include "sb/orchestration/engine.h"

#include <utility>

#include "sb/orchestration/reconciler.h"

#include "drift.h"
#include "idle_watch.h"
#include "journal_queue.h"
#include "own_facts.h"
#include "own_view.h"

namespace sb::orchestration {
namespace {

using model::ProjectId;

// Until a pass that takes back what had to go for want of room and was spoken of since.
constexpr std::chrono::seconds kPassSoon{1};

bool speaks_of_sessions(const model::ExternalEvent& event) {
  return event.type().starts_with("session.") ||
         std::holds_alternative<model::SnapshotFacts>(event.data);
}

class GitTracker final : public WorktreeTracker {
 public:
  explicit GitTracker(git::GitService& git) : git_(&git) {}
  void track_project(const ProjectId& project, std::string common_dir) override {
    git_->track_project(project, std::move(common_dir));
  }
  void untrack_project(const ProjectId& project) override { git_->untrack_project(project); }
  void track(git::Worktree worktree) override { git_->track(std::move(worktree)); }
  void untrack(const model::WorkspaceId& id) override { git_->untrack(id); }

 private:
  git::GitService* git_;
};

}  // namespace

// Shared with callbacks in flight, which check `stopped`.
struct Engine::Impl : std::enable_shared_from_this<Engine::Impl> {
  Impl(Deps dependencies, EngineOptions engine_options)
      : deps(std::move(dependencies)),
        options(engine_options),
        tracker(deps.git),
        own(deps.store, tracker, deps.clock, deps.log),
        ingest(deps.store),
        journal(std::make_shared<JournalQueue>(deps.loop, deps.journal, deps.log)),
        drift(deps.metrics, deps.log),
        idle(deps.store),
        pass(deps.random, {options.reconcile_interval, options.reconcile_jitter}),
        passes(deps.metrics.counter("reconciliation_passes_total", "Reconciliation passes ended.")),
        pass_seconds(deps.metrics.histogram("reconciliation_duration_seconds",
                                            "Duration of a reconciliation pass.",
                                            {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10})) {
    for (const char* result : {"accepted", "duplicate", "stale", "rejected"}) {
      ingested.push_back(&deps.metrics.counter("events_ingested_total",
                                               "External events by result.", {{"result", result}}));
    }
    Gauge& entries = deps.metrics.gauge("entries", "Workspaces in the view.");
    Gauge& tombstones = deps.metrics.gauge("tombstones", "Removed workspaces remembered.");
    Gauge& evicted =
        deps.metrics.gauge("evicted_entries", "Workspaces evicted by the entry limit.");
    Gauge& revision = deps.metrics.gauge("revision", "Revision of the last visible change.");
    deps.metrics.before_text([this, &entries, &tombstones, &evicted, &revision] {
      const auto counts = deps.store.counts();
      entries.set(static_cast<double>(counts.entries));
      tombstones.set(static_cast<double>(counts.tombstones));
      evicted.set(static_cast<double>(counts.evicted));
      revision.set(static_cast<double>(deps.store.head()));
    });
  }

  // --- start ---

  void start(const workspace::Contents& contents, const workspace::JournalContents& kept,
             std::function<void()> ready_callback) {
    on_ready = std::move(ready_callback);
    deps.store.begin_commit();
    for (const auto& project : contents.projects) own.take(project);
    for (const auto& row : contents.workspaces) own.take(row);
    for (const auto& domain : domains) {
      if (const auto loaded = domain->load(); !loaded) {
        deps.log.error("domain not loaded",
                       {kv("domain", domain->health().name), kv("reason", loaded.error().message)});
      }
    }
    deps.store.end_commit();
    const std::size_t skipped = ingest.restore(kept, deps.clock.wall_now(), deps.clock.mono_now());
    if (skipped != 0) deps.log.warn("journal rows could not be read", {kv("count", skipped)});
    for (const auto& id : ingest.orphans(kept)) journal_removed(id);
    last_rows_ok = last_written_ok = deps.clock.mono_now();
    enumerating = contents.projects.size();
    for (const auto& project : contents.projects) {
      deps.workspaces.adopt(project.id, [self = shared_from_this()](const auto&) {
        if (--self->enumerating == 0) self->become_ready();
      });
    }
    if (enumerating == 0) become_ready();
  }

  void become_ready() {
    if (stopped || ready) return;
    ready = true;
    if (on_ready) std::exchange(on_ready, nullptr)();
    own.start_tracking();
    for (const auto& domain : domains) domain->start();
    schedule_pass();
  }

  // --- reconciliation ---

  void schedule_pass() {
    if (stopped) return;
    const auto pause = soon ? std::chrono::nanoseconds(kPassSoon) : pass.pause();
    pass_timer = deps.loop.after(pause, [self = shared_from_this()] { self->begin_pass(); });
  }

  // Once, however often it is asked for before that pass begins.
  void pass_soon() {
    if (stopped || !ready || std::exchange(soon, true) || pass.running()) return;
    deps.loop.cancel(std::exchange(pass_timer, 0));
    schedule_pass();
  }

  void begin_pass() {
    if (stopped) return;
    if (!pass.begin(2 * own.projects().size() + domains.size(), deps.clock.mono_now())) return;
    soon = false;
    drift_before = drift.total();
    for (const auto& domain : domains) {
      domain->reconcile(drift, [self = shared_from_this()] { self->end_pass_part(); });
    }
    for (const auto& item : own.projects()) {
      const ProjectId& id = item.first;
      deps.workspaces.adopt(id, [self = shared_from_this(), project = id](const auto& adopted) {
        if (adopted) {
          self->drift.note(project, "worktrees", adopted->total());
        } else {
          self->deps.log.warn(
              "worktrees could not be enumerated",
              {kv("project", project.view()), kv("reason", adopted.error().message)});
        }
        self->end_pass_part();
      });
      deps.git.check(id, [self = shared_from_this(), project = id](std::size_t moved) {
        self->drift.note(project, "git", moved);
        self->end_pass_part();
      });
    }
    read_rows();
  }

  // Fence, read, apply. A key that was newer than the read gets one point re-read, so that repair
  // time is bounded.
  void read_rows() {
    deps.workspaces.read([self = shared_from_this()](const Result<workspace::Contents>& read) {
      if (self->stopped) return;
      bool rejected = false;
      if (read) {
        self->last_rows_ok = self->deps.clock.mono_now();
        const auto passed = self->own.reconcile(*read, self->drift);
        rejected = passed.rejected;
        if (passed.taken_back) self->pass_soon();
        for (const auto& id : passed.removed) {
          self->journal_removed(id);
          self->release(id, [] {});
        }
      } else {
        self->deps.log.warn("rows could not be read", {kv("reason", read.error().message)});
      }
      if (self->pass.read_again(rejected)) {
        self->read_rows();
      } else {
        self->end_pass_part();
      }
    });
  }

  void end_pass_part() {
    const MonoTime now = deps.clock.mono_now();
    const auto took = pass.end_part(now);
    if (!took) return;
    if (auto gone = deps.store.expire(now); !gone.empty()) {
      journal->add({{}, std::move(gone), {}}, [](const Result<void>&) {});
    }
    idle.prune();
    look_at_database();
    passes.add();
    pass_seconds.observe(std::chrono::duration<double>(*took).count());
    last_pass_at = deps.clock.wall_now();
    last_pass_drift = drift.total() - drift_before;
    events_since = 0;
    for (auto& done : std::exchange(pass_waiters, std::exchange(next_pass_waiters, {}))) {
      done(deps.store.head());
    }
    if (pass_waiters.empty()) {
      schedule_pass();
    } else {
      begin_pass();
    }
  }

  // --- the database ---

  // Nobody may speak for long: whether it can be written again is found out, and what was shown
  // and refused meanwhile is written after all. Behind the reads of the pass, which a commit that
  // fails would take along.
  void look_at_database() {
    if (deps.journal.trouble().empty() && !journal->failing()) {
      last_written_ok = deps.clock.mono_now();
    } else {
      retry_journal();
    }
  }

  void retry_journal() {
    journal->retry([weak = weak_from_this()](const Result<void>& written) {
      const auto self = weak.lock();
      if (self && written) self->last_written_ok = self->deps.clock.mono_now();
    });
  }

  [[nodiscard]] EngineSource database() const {
    EngineSource source{"database", "live", age_ms(deps.clock.mono_now(), last_written_ok), ""};
    // Somebody else's write may have succeeded since: what waits is still to be written then.
    if (auto trouble = deps.journal.trouble(); !trouble.empty()) {
      source.state = "degraded";
      source.detail = "it cannot be written, so events are refused: " + std::move(trouble);
    } else if (journal->failing()) {
      source.state = "degraded";
      source.detail = "it could not be written, and what was refused meanwhile still waits";
    }
    return source;
  }

  // --- our own domains beside workspace and git ---

  void take(const workspace::Event& event) {
    ++events_since;
    const auto gone = own.take(event);
    for (const auto& id : gone) {
      journal_removed(id);
      release(id, [] {});
    }
    const auto* changed = std::get_if<workspace::WorkspaceChanged>(&event);
    if (changed != nullptr && gone.empty()) {
      for (const auto& domain : domains) domain->workspace_changed(changed->row);
    }
  }

  void look_idle(const model::WorkspaceId& id) {
    if (stopped || !idle.look(id)) return;
    for (const auto& domain : domains) domain->agent_stopped(id);
  }

  void journal_removed(const model::WorkspaceId& id) {
    journal->add(ingest.removed(id), [](const Result<void>&) {});
  }

  /// Asks every domain; `done`, on the loop, when the last of them has answered, or let go of its
  /// callback, which can be on any thread.
  void ask_all(void (OwnDomain::*what)(const model::WorkspaceId&, std::function<void()>),
               const model::WorkspaceId& id, std::function<void()> done) {
    const auto last = std::shared_ptr<void>(
        nullptr,
        [&loop = deps.loop, done = std::move(done)](void*) mutable { loop.post(std::move(done)); });
    for (const auto& domain : domains) (domain.get()->*what)(id, [last] {});
  }

  void halt(const model::WorkspaceId& id, std::function<void()> done) {
    ask_all(&OwnDomain::halt, id, std::move(done));
  }

  void release(const model::WorkspaceId& id, std::function<void()> done) {
    ask_all(&OwnDomain::release, id, std::move(done));
  }

  // --- events in ---

  void submit(std::vector<model::ExternalEvent> events,
              std::function<void(Result<EventsAnswer>)> done) {
    if (stopped || !ready) return done(fail(ErrorCode::unavailable, "the server is not ready"));
    if (journal->waiting() > options.unjournalled_facts_max) {
      const auto trouble = deps.journal.trouble();
      if (trouble.empty() && !journal->failing()) {
        return done(fail(ErrorCode::limit_exceeded, "too many events wait for the disk"));
      }
      retry_journal();
      return done(fail(ErrorCode::unavailable,
                       "events cannot be made durable: " +
                           (trouble.empty() ? "too many wait since the disk was full" : trouble)));
    }
    events_since += events.size();
    std::vector<model::WorkspaceId> of_sessions;
    for (const auto& event : events) {
      if (speaks_of_sessions(event)) of_sessions.push_back(event.workspace);
    }
    auto step = ingest.submit(std::move(events), deps.clock.wall_now(), deps.clock.mono_now());
    for (const auto& id : of_sessions) look_idle(id);
    for (const auto& verdict : step.verdicts)
      ingested.at(static_cast<std::size_t>(verdict.kind))->add();
    EventsAnswer answer{deps.store.epoch(), deps.store.head(), std::move(step.verdicts)};
    journal->add(std::move(step.journal), [done = std::move(done), answer = std::move(answer)](
                                              const Result<void>& written) mutable {
      if (written) {
        done(std::move(answer));
      } else {
        done(fail(ErrorCode::unavailable,
                  "the event could not be made durable: " + written.error().message));
      }
    });
  }

  Deps deps;
  EngineOptions options;
  GitTracker tracker;
  OwnView own;
  Ingest ingest;
  std::shared_ptr<JournalQueue> journal;
  DriftLog drift;
  IdleWatch idle;
  Reconciler pass;
  std::vector<std::unique_ptr<OwnDomain>> domains;
  Counter& passes;
  Histogram& pass_seconds;
  std::vector<Counter*> ingested;  // in order of Verdict::Kind

  std::function<void()> on_ready;
  std::size_t enumerating = 0;
  bool ready = false;
  bool stopped = false;

  Loop::TimerId pass_timer = 0;
  bool soon = false;
  std::uint64_t drift_before = 0;
  std::vector<std::function<void(std::uint64_t)>> pass_waiters;       // of the one that runs
  std::vector<std::function<void(std::uint64_t)>> next_pass_waiters;  // came when it had begun
  std::optional<WallTime> last_pass_at;
  std::uint64_t last_pass_drift = 0;
  std::uint64_t events_since = 0;
  std::optional<MonoTime> last_rows_ok;
  std::optional<MonoTime> last_written_ok;  // when the database was last seen to be well
};

Engine::Engine(Deps deps, EngineOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), options)) {
  impl_->own.on_sessions(
      [self = impl_.get()](const model::WorkspaceId& id) { self->look_idle(id); });
  impl_->own.on_missed([self = impl_.get()] { self->pass_soon(); });
  impl_->deps.workspaces.on_event([self = impl_](const workspace::Event& event) {
    if (self->stopped) return;
    self->take(event);
  });
  git::GitService::Listeners listeners;
  listeners.facts = [self = impl_](const git::GitFacts& facts) {
    if (self->stopped) return;
    ++self->events_since;
    self->own.take(facts);
  };
  listeners.worktrees = [self = impl_](const ProjectId& project) {
    if (!self->stopped) self->deps.workspaces.adopt(project, [](const auto&) {});
  };
  listeners.moved = [self = impl_](const model::WorkspaceId& id) {
    if (self->stopped) return;
    for (const auto& domain : self->domains) domain->git_moved(id);
  };
  impl_->deps.git.listen(std::move(listeners));
}

Engine::~Engine() {
  stop();
  // Callbacks in flight keep the rest; the views go before the domains they look at.
  impl_->domains.clear();
}

void Engine::start(const workspace::Contents& rows, const workspace::JournalContents& journal,
                   std::function<void()> on_ready) {
  impl_->start(rows, journal, std::move(on_ready));
}

void Engine::add(std::unique_ptr<OwnDomain> domain) {
  impl_->domains.push_back(std::move(domain));
}

const WorkspaceDirectory& Engine::directory() const {
  return impl_->own;
}

OwnFactSink& Engine::own_facts() {
  return impl_->own;
}

void Engine::halt(const model::WorkspaceId& id, std::function<void()> done) {
  impl_->halt(id, std::move(done));
}

void Engine::release(const model::WorkspaceId& id, std::function<void()> done) {
  impl_->release(id, std::move(done));
}

void Engine::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  for (const auto& domain : impl_->domains) domain->stop();
  if (impl_->pass_timer != 0) impl_->deps.loop.cancel(impl_->pass_timer);
  impl_->pass_waiters.clear();
  impl_->next_pass_waiters.clear();
  impl_->journal->stop();
}

bool Engine::ready() const {
  return impl_->ready;
}

void Engine::submit(std::vector<model::ExternalEvent> events,
                    std::function<void(Result<EventsAnswer>)> done) {
  impl_->submit(std::move(events), std::move(done));
}

void Engine::register_project(std::string path, std::optional<std::string> name,
                              std::optional<std::string> default_branch,
                              std::function<void(Result<Registered>)> done) {
  impl_->deps.workspaces.register_project(
      std::move(path), std::move(name), std::move(default_branch),
      [self = impl_,
       done = std::move(done)](Result<workspace::WorkspaceService::Registration> made) {
        if (!made) return done(std::move(made).error());
        done(Registered{to_info(made->row), made->created, self->deps.store.head()});
      });
}

void Engine::remove_project(const ProjectId& id, std::function<void(Result<std::uint64_t>)> done) {
  const auto* info = impl_->deps.store.project(id);
  if (info == nullptr) return done(fail(ErrorCode::not_found, "no such project"));
  if (info->external) {
    JournalStep removed;
    for (const auto& gone : impl_->own.forget(id)) removed.append(impl_->ingest.removed(gone));
    const std::uint64_t revision = impl_->deps.store.head();
    impl_->journal->add(
        std::move(removed), [done = std::move(done), revision](const Result<void>& written) {
          if (written) return done(revision);
          done(fail(ErrorCode::unavailable,
                    "the removal could not be made durable: " + written.error().message));
        });
    return;
  }
  impl_->deps.workspaces.remove_project(
      id, [self = impl_, done = std::move(done)](Result<void> removed) {
        if (!removed) return done(std::move(removed).error());
        done(self->deps.store.head());
      });
}

void Engine::reconcile(const ProjectId& id, std::function<void(Result<std::uint64_t>)> done) {
  if (impl_->deps.store.project(id) == nullptr) {
    return done(fail(ErrorCode::not_found, "no such project"));
  }
  const bool running = impl_->pass.running();  // and may have read before this was asked for
  (running ? impl_->next_pass_waiters : impl_->pass_waiters)
      .emplace_back([done = std::move(done)](std::uint64_t revision) { done(revision); });
  if (running) return;
  if (impl_->pass_timer != 0) impl_->deps.loop.cancel(std::exchange(impl_->pass_timer, 0));
  impl_->begin_pass();
}

std::vector<EngineSource> Engine::sources() const {
  const MonoTime now = impl_->deps.clock.mono_now();
  std::vector<EngineSource> list;
  EngineSource rows{"workspace", "live", age_ms(now, impl_->last_rows_ok), ""};
  if (impl_->last_rows_ok && now - *impl_->last_rows_ok > 3 * impl_->options.reconcile_interval) {
    rows.state = "stale";
  }
  list.push_back(std::move(rows));
  const auto health = impl_->deps.git.health();
  EngineSource git{"git", "live", age_ms(now, impl_->own.last_git_ok()), ""};
  if (health.worktrees != 0 && !impl_->own.last_git_ok()) git.state = "unknown";
  if (health.degraded != 0) {
    git.state = "degraded";
    git.detail = std::to_string(health.degraded) + " of " + std::to_string(health.worktrees) +
                 " worktrees are polled, because file watches ran out";
  } else if (health.failing != 0) {
    git.detail = std::to_string(health.failing) + " of " + std::to_string(health.worktrees) +
                 " worktrees could not be read";
  }
  list.push_back(std::move(git));
  for (const auto& domain : impl_->domains) list.push_back(domain->health());
  list.push_back(impl_->database());
  return list;
}

EngineReconciliation Engine::reconciliation() const {
  return {impl_->last_pass_at, impl_->events_since, impl_->last_pass_drift};
}

}  // namespace sb::orchestration
