#include "sb/orchestration/run_script_view.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "drift.h"

namespace sb::orchestration {
namespace {

using model::Facts;
using model::WorkspaceId;
using run_script::Contents;
using run_script::RunScriptRow;
using snapshot::Update;

constexpr std::string_view kLabel = "event:run_script_status_changed";

model::FactPatch to_facts(model::RunScriptStatus status, const std::optional<std::int64_t>& port) {
  model::FactPatch patch;
  patch.set<&Facts::runScriptStatus>(status);
  patch.set<&Facts::runScriptPort>(port);
  return patch;
}

model::FactPatch idle() {
  return to_facts(model::RunScriptStatus::IDLE, std::nullopt);
}

class RunScriptView final : public OwnDomain {
 public:
  RunScriptView(run_script::RunScriptService& service, OwnFactSink& facts,
                const WorkspaceDirectory& directory, const Clock& clock, Logger log)
      : service_(&service),
        facts_(&facts),
        directory_(&directory),
        clock_(&clock),
        log_(std::move(log)) {
    service_->on_event([this](const run_script::RunScriptChanged& event) {
      if (directory_->workspace(event.row.workspace) == nullptr) return;
      facts_->state(event.row.workspace, {0, event.row.stamp, 0},
                    to_facts(event.row.status, event.row.port), kLabel, Update::Cause::event);
    });
  }

  Result<void> load() override {
    SB_TRY(const Contents contents, service_->load());
    last_ok_ = clock_->mono_now();
    apply(contents, Update::Cause::event, nullptr);
    return {};
  }

  void start() override { service_->begin(); }
  void stop() override { service_->shut_down(); }

  void reconcile(DriftLog& drift, std::function<void()> done) override {
    read(drift, std::move(done), false);
  }

  void workspace_changed(const workspace::WorkspaceRow& row) override {
    if (!known_.insert(row.id).second) return;
    facts_->state(row.id, {0, row.stamp, 0}, idle(), kLabel, Update::Cause::event);
  }

  void halt(const WorkspaceId& id, std::function<void()> done) override {
    service_->halt(id, std::move(done));
  }

  void release(const WorkspaceId& id, std::function<void()> done) override {
    known_.erase(id);
    service_->release(id, std::move(done));
  }

  [[nodiscard]] EngineSource health() const override {
    return {"run_script", last_ok_ ? "live" : "unknown", age_ms(clock_->mono_now(), last_ok_), ""};
  }

 private:
  /// `again`: a key that was newer than the first read gets one more.
  void read(DriftLog& drift, std::function<void()> done, bool again) {
    service_->read([this, &drift, done = std::move(done), again](const Result<Contents>& contents) {
      if (!contents) {
        log_.warn("run scripts could not be read", {kv("reason", contents.error().message)});
        return done();
      }
      last_ok_ = clock_->mono_now();
      const bool rejected = apply(*contents, Update::Cause::pass, &drift);
      if (rejected && !again) return read(drift, done, true);
      done();
    });
  }

  /// States every workspace: its row, or that nothing ever ran. True when something was newer.
  bool apply(const Contents& contents, Update::Cause cause, DriftLog* drift) {
    std::unordered_map<WorkspaceId, const RunScriptRow*> rows;
    for (const auto& row : contents.rows) rows.emplace(row.workspace, &row);
    bool rejected = false;
    directory_->each_workspace([&](const workspace::WorkspaceRow& workspace) {
      known_.insert(workspace.id);
      const auto row = rows.find(workspace.id);
      const auto applied = facts_->state(
          workspace.id, {0, contents.fence, 0},
          row == rows.end() ? idle() : to_facts(row->second->status, row->second->port),
          cause == Update::Cause::pass ? "reconciliation" : kLabel, cause);
      rejected = rejected || !applied.rejected.empty();
      if (drift != nullptr) drift->note(workspace.id, applied);
    });
    return rejected;
  }

  run_script::RunScriptService* service_;
  OwnFactSink* facts_;
  const WorkspaceDirectory* directory_;
  const Clock* clock_;
  Logger log_;
  std::unordered_set<WorkspaceId> known_;
  std::optional<MonoTime> last_ok_;
};

}  // namespace

std::unique_ptr<OwnDomain> make_run_script_view(run_script::RunScriptService& service,
                                                OwnFactSink& facts,
                                                const WorkspaceDirectory& directory,
                                                const Clock& clock, Logger log) {
  return std::make_unique<RunScriptView>(service, facts, directory, clock, std::move(log));
}

}  // namespace sb::orchestration
