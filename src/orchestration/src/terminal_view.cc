#include "sb/orchestration/terminal_view.h"

#include <map>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "sb/core/utf8.h"

#include "drift.h"

namespace sb::orchestration {
namespace {

using model::WorkspaceId;
using snapshot::Update;
using terminal::Contents;
using terminal::TerminalRow;

model::Terminal to_element(const TerminalRow& row) {
  model::Terminal element;
  element.id = row.id;
  element.state = row.state;
  if (row.title) element.title = to_valid_utf8(*row.title);
  element.lastActivityAt = row.last_activity_at;
  return element;
}

class TerminalView final : public OwnDomain, public terminal::WorkspaceLocator {
 public:
  TerminalView(terminal::TerminalService& service, OwnFactSink& facts,
               const WorkspaceDirectory& directory, const Clock& clock, Logger log)
      : service_(&service),
        facts_(&facts),
        directory_(&directory),
        clock_(&clock),
        log_(std::move(log)) {
    service_->set_locator(this);
    service_->on_event([this](const terminal::Event& event) { take(event); });
  }
  ~TerminalView() override { service_->set_locator(nullptr); }

  Result<void> load() override {
    SB_TRY(const Contents contents, service_->load());
    apply(contents, Update::Cause::event, nullptr);
    for (const auto& row : contents.rows) {
      if (directory_->workspace(row.workspace) == nullptr) orphans_.insert(row.workspace);
    }
    return {};
  }

  void start() override {
    service_->start();
    // Their workspaces went while the server was down, or died before it could let go.
    for (const auto& id : std::exchange(orphans_, {})) {
      if (directory_->workspace(id) == nullptr) service_->release(id, [] {});
    }
  }
  void stop() override { service_->stop(); }

  void reconcile(DriftLog& drift, std::function<void()> done) override {
    read(drift, std::move(done), false);
  }

  void release(const WorkspaceId& id, std::function<void()> done) override {
    service_->release(id, [this, id, done = std::move(done)] {
      stated_.erase(id);
      done();
    });
  }

  [[nodiscard]] EngineSource health() const override {
    return {"terminal", last_ok_ ? "live" : "unknown", age_ms(clock_->mono_now(), last_ok_), ""};
  }

  [[nodiscard]] std::optional<WorkspaceId> at(std::string_view directory) const override {
    return workspace_at(*directory_, directory);
  }

 private:
  void take(const terminal::Event& event) {
    model::FactPatch patch;
    if (const auto* changed = std::get_if<terminal::TerminalChanged>(&event)) {
      patch.terminals.upserts.push_back(to_element(changed->row));
      state(changed->row.workspace, changed->row.stamp, std::move(patch));
    } else {
      const auto& removed = std::get<terminal::TerminalRemoved>(event);
      patch.terminals.removals.push_back(removed.id);
      state(removed.workspace, removed.stamp, std::move(patch));
    }
  }

  void state(const WorkspaceId& workspace, std::uint64_t stamp, model::FactPatch patch) {
    if (directory_->workspace(workspace) == nullptr) return;
    stated_.insert(workspace);
    facts_->state(workspace, {0, stamp, 0}, std::move(patch), "event:terminal_changed",
                  Update::Cause::event);
  }

  /// `again`: a key that was newer than the first read gets one more.
  void read(DriftLog& drift, std::function<void()> done, bool again) {
    service_->read([this, &drift, done = std::move(done), again](const Result<Contents>& contents) {
      if (!contents) {
        log_.warn("terminals could not be read", {kv("reason", contents.error().message)});
        return done();
      }
      const bool rejected = apply(*contents, Update::Cause::pass, &drift);
      if (rejected && !again) return read(drift, done, true);
      done();
    });
  }

  /// States whole lists: of every workspace that has terminals, or was told some. True when
  /// something was newer than the read.
  bool apply(const Contents& contents, Update::Cause cause, DriftLog* drift) {
    last_ok_ = clock_->mono_now();
    std::map<WorkspaceId, std::vector<model::Terminal>> lists;
    for (const auto& id : stated_) lists[id];
    for (const auto& row : contents.rows) lists[row.workspace].push_back(to_element(row));
    bool rejected = false;
    for (auto& [id, list] : lists) {
      if (directory_->workspace(id) == nullptr) continue;  // gone since, or released soon
      stated_.insert(id);
      model::FactPatch patch;
      patch.terminals.upserts = std::move(list);
      patch.terminals.whole = true;
      const auto applied =
          facts_->state(id, {0, contents.fence, 0}, std::move(patch), "reconciliation", cause);
      rejected = rejected || !applied.rejected.empty();
      if (drift != nullptr) drift->note(id, applied);
    }
    return rejected;
  }

  terminal::TerminalService* service_;
  OwnFactSink* facts_;
  const WorkspaceDirectory* directory_;
  const Clock* clock_;
  Logger log_;
  std::set<WorkspaceId> stated_;   // workspaces that were told terminals
  std::set<WorkspaceId> orphans_;  // of rows without a workspace, found at the start
  std::optional<MonoTime> last_ok_;
};

}  // namespace

std::unique_ptr<OwnDomain> make_terminal_view(terminal::TerminalService& service,
                                              OwnFactSink& facts,
                                              const WorkspaceDirectory& directory,
                                              const Clock& clock, Logger log) {
  return std::make_unique<TerminalView>(service, facts, directory, clock, std::move(log));
}

}  // namespace sb::orchestration
