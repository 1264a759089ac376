#include "sb/orchestration/ratchet_view.h"

#include <unordered_map>
#include <utility>

#include "drift.h"
#include "idle_watch.h"

namespace sb::orchestration {
namespace {

using model::Facts;
using model::WorkspaceId;
using ratchet::Contents;
using ratchet::RatchetRow;
using snapshot::Update;

constexpr std::string_view kToggled = "event:ratchet_toggled";
constexpr std::string_view kDispatchChanged = "event:ratchet_dispatch_changed";

model::FactPatch to_facts(const RatchetRow& row) {
  model::FactPatch patch;
  patch.set<&Facts::ratchetEnabled>(row.enabled);
  patch.set<&Facts::ratchetDispatchOutcome>(row.record.outcome);
  patch.set<&Facts::ratchetDispatchRetryCount>(row.record.retries);
  patch.set<&Facts::ratchetDispatchStalled>(row.record.stalled);
  return patch;
}

/// Of a workspace that was never switched on.
model::FactPatch off() {
  return to_facts(RatchetRow{});
}

ratchet::PullRequest to_pull_request(const github::PrRow& row) {
  ratchet::PullRequest pull;
  pull.number = row.number;
  pull.state = row.state;
  pull.ci = row.ci;
  pull.conflict = row.conflict;
  pull.changes_requested = row.review == "CHANGES_REQUESTED";
  pull.head_commit = row.head_commit;
  pull.url = row.url;
  pull.branch = row.head_branch;
  return pull;
}

}  // namespace

RatchetView::RatchetView(Deps deps) : deps_(std::move(deps)) {
  deps_.service.plug(static_cast<ratchet::Surroundings*>(this));
  deps_.service.on_event([this](const ratchet::RatchetChanged& event) {
    if (deps_.directory.workspace(event.row.workspace) == nullptr) return;
    deps_.facts.state(event.row.workspace, {0, event.row.stamp, 0}, to_facts(event.row),
                      event.toggled ? kToggled : kDispatchChanged, Update::Cause::event);
  });
}

RatchetView::~RatchetView() {
  deps_.service.plug(static_cast<ratchet::Surroundings*>(nullptr));
}

void RatchetView::set_enabled(const WorkspaceId& id, bool enabled,
                              std::function<void(Result<std::uint64_t>)> done) {
  const auto* row = deps_.directory.workspace(id);
  if (row == nullptr) return done(fail(ErrorCode::not_found, "There is no such workspace."));
  if (model::is_hidden(row->status)) {
    return done(fail(ErrorCode::conflict, "The workspace is archived."));
  }
  deps_.service.set_enabled(
      id, enabled, [&store = deps_.store, done = std::move(done)](Result<RatchetRow> written) {
        if (!written) return done(std::move(written).error());
        done(store.head());
      });
}

void RatchetView::pull_request(const github::PrRow& row) {
  if (row.observed) {
    deps_.service.observe(row.workspace, to_pull_request(row));
  } else {
    deps_.service.forget_pull(row.workspace);
  }
}

Result<void> RatchetView::load() {
  SB_TRY(const Contents contents, deps_.service.load());
  apply(contents, Update::Cause::event, nullptr);
  for (const auto& row : contents.rows) {
    if (deps_.directory.workspace(row.workspace) == nullptr) orphans_.insert(row.workspace);
  }
  return {};
}

void RatchetView::start() {
  // Their workspaces went while the server was down, or died before it could let go.
  for (const auto& id : std::exchange(orphans_, {})) {
    if (deps_.directory.workspace(id) == nullptr) deps_.service.release(id, [] {});
  }
  deps_.service.begin();
}

void RatchetView::stop() {
  deps_.service.shut_down();
}

void RatchetView::reconcile(DriftLog& drift, std::function<void()> done) {
  read(drift, std::move(done), false);
}

void RatchetView::workspace_changed(const workspace::WorkspaceRow& row) {
  if (known_.insert(row.id).second) {
    deps_.facts.state(row.id, {0, row.stamp, 0}, off(), kToggled, Update::Cause::event);
  }
  deps_.service.freed(row.id);
}

void RatchetView::agent_stopped(const WorkspaceId& id) {
  deps_.service.freed(id);
}

void RatchetView::halt(const WorkspaceId& id, std::function<void()> done) {
  deps_.service.halt(id, std::move(done));
}

void RatchetView::release(const WorkspaceId& id, std::function<void()> done) {
  known_.erase(id);
  deps_.service.release(id, std::move(done));
}

EngineSource RatchetView::health() const {
  EngineSource source{"ratchet", last_ok_ ? "live" : "unknown",
                      age_ms(deps_.clock.mono_now(), last_ok_), ""};
  if (const auto count = deps_.service.enabled(); count != 0 && !deps_.service.has_command()) {
    source.state = "degraded";
    source.detail = std::to_string(count) +
                    " workspaces are on auto-fix, but SNAPBOARD_RATCHET_COMMAND names no fixer";
  }
  return source;
}

std::optional<std::string> RatchetView::worktree(const WorkspaceId& id) const {
  const auto* row = deps_.directory.workspace(id);
  // One that is being made, or could not be, is not there to be worked in.
  if (row == nullptr || row->status != model::WorkspaceStatus::READY || row->problem) {
    return std::nullopt;
  }
  return row->worktree_path;
}

bool RatchetView::taken(const WorkspaceId& id) const {
  // Of what is not shown (it had to go for want of room) nobody can say.
  const auto entry = deps_.store.entry(id);
  if (!entry || entry->text == nullptr) return true;
  return shown_working(deps_.store, id) || shown_waiting(deps_.store, id);
}

void RatchetView::look(const WorkspaceId& id, std::function<void(Result<void>)> done) {
  deps_.look(id, [done = std::move(done)](const Result<std::uint64_t>& asked) {
    done(asked ? Result<void>() : Result<void>(tl::unexpect, asked.error()));
  });
}

/// `again`: a key that was newer than the first read gets one more.
void RatchetView::read(DriftLog& drift, std::function<void()> done, bool again) {
  deps_.service.read(
      [this, &drift, done = std::move(done), again](const Result<Contents>& contents) {
        if (!contents) {
          deps_.log.warn("ratchet could not be read", {kv("reason", contents.error().message)});
          return done();
        }
        const bool rejected = apply(*contents, Update::Cause::pass, &drift);
        if (rejected && !again) return read(drift, done, true);
        deps_.service.look_around();
        done();
      });
}

/// States every workspace: its row, or that it is off. True when something was newer.
bool RatchetView::apply(const Contents& contents, Update::Cause cause, DriftLog* drift) {
  last_ok_ = deps_.clock.mono_now();
  std::unordered_map<WorkspaceId, const RatchetRow*> rows;
  for (const auto& row : contents.rows) rows.emplace(row.workspace, &row);
  bool rejected = false;
  deps_.directory.each_workspace([&](const workspace::WorkspaceRow& workspace) {
    known_.insert(workspace.id);
    const auto row = rows.find(workspace.id);
    const auto applied = deps_.facts.state(
        workspace.id, {0, contents.fence, 0}, row == rows.end() ? off() : to_facts(*row->second),
        cause == Update::Cause::pass ? "reconciliation" : kToggled, cause);
    rejected = rejected || !applied.rejected.empty();
    if (drift != nullptr) drift->note(workspace.id, applied);
  });
  return rejected;
}

}  // namespace sb::orchestration
