#include "sb/orchestration/session_view.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "sb/core/utf8.h"

#include "drift.h"
#include "session_facts.h"

namespace sb::orchestration {

struct SessionView::Impl : std::enable_shared_from_this<SessionView::Impl> {
  explicit Impl(Deps given) : deps(std::move(given)) {}

  void take(const session::Event& event) {
    if (stopped) return;
    if (const auto* changed = std::get_if<session::SessionChanged>(&event)) {
      model::FactPatch patch = to_facts(*changed);
      // The first word about a workspace is all there is to say of it.
      const bool first = !stated.contains(changed->row.workspace);
      patch.sessions.whole = first;
      patch.pending.whole = first;
      state(changed->row.workspace, changed->row.stamp, std::move(patch), "event:session_changed");
    } else {
      const auto& removed = std::get<session::SessionRemoved>(event);
      state(removed.workspace, removed.stamp, to_facts(removed), "event:session_removed");
    }
  }

  void state(const model::WorkspaceId& workspace, std::uint64_t stamp, model::FactPatch patch,
             std::string_view label) {
    if (workspace.empty()) return;  // outside: reported by `health`
    stated.insert(workspace);
    const auto applied = deps.facts.state(workspace, {0, stamp, 0}, std::move(patch), label,
                                          snapshot::Update::Cause::event);
    if (applied.outcome == snapshot::Outcome::limit) make_room();
  }

  /// An entry holds no more sessions: a read tells which of them to show.
  void make_room() {
    room_wanted = true;
    if (std::exchange(making_room, true)) return;
    room_wanted = false;
    deps.sessions.read([self = shared_from_this()](const Result<session::Contents>& read) {
      self->making_room = false;
      if (self->stopped || !read) return;
      self->state_all(*read, nullptr);
      if (self->room_wanted) self->make_room();  // of one that came after the read had begun
    });
  }

  /// Everything a read saw, as whole lists: of every workspace that has sessions, or was told some.
  /// True when something was newer than the read.
  bool state_all(const session::Contents& contents, DriftLog* drift) {
    std::map<model::WorkspaceId, std::vector<const session::SessionRow*>> by_workspace;
    for (const auto& id : stated) by_workspace[id];
    for (const auto& row : contents.sessions) {
      if (!row.workspace.empty()) by_workspace[row.workspace].push_back(&row);
    }
    bool rejected = false;
    for (const auto& [id, rows] : by_workspace) {
      if (deps.directory.workspace(id) == nullptr) continue;  // gone since, or released soon
      stated.insert(id);
      const auto applied = deps.facts.state(
          id, {0, contents.fence, 0}, to_facts(rows), "reconciliation",
          drift != nullptr ? snapshot::Update::Cause::pass : snapshot::Update::Cause::event);
      rejected = rejected || !applied.rejected.empty();
      if (drift != nullptr) drift->note(id, applied);
    }
    last_ok = deps.clock.mono_now();
    return rejected;
  }

  void read(DriftLog& drift, bool again, std::function<void()> done) {
    deps.sessions.read([self = shared_from_this(), &drift, again,
                        done = std::move(done)](const Result<session::Contents>& read) mutable {
      if (self->stopped) return done();
      if (!read) {
        self->deps.log.warn("sessions could not be read", {kv("reason", read.error().message)});
        return done();
      }
      const bool rejected = self->state_all(*read, &drift);
      if (rejected && !again) return self->read(drift, true, std::move(done));
      done();
    });
  }

  Deps deps;
  std::set<model::WorkspaceId> stated;  // workspaces that were told sessions
  std::vector<model::WorkspaceId> orphans;
  std::optional<MonoTime> last_ok;
  bool making_room = false;  // a read for it is under way
  bool room_wanted = false;  // since it began
  bool stopped = false;
};

SessionView::SessionView(Deps deps) : impl_(std::make_shared<Impl>(std::move(deps))) {
  impl_->deps.sessions.set_locator(this);
  impl_->deps.sessions.on_event([weak = std::weak_ptr<Impl>(impl_)](const session::Event& event) {
    if (const auto self = weak.lock()) self->take(event);
  });
}

SessionView::~SessionView() {
  impl_->stopped = true;
  impl_->deps.sessions.set_locator(nullptr);
}

Result<void> SessionView::load() {
  SB_TRY(const auto contents, impl_->deps.sessions.load());
  impl_->state_all(contents, nullptr);
  std::set<model::WorkspaceId> orphans;
  for (const auto& row : contents.sessions) {
    if (!row.workspace.empty() && impl_->deps.directory.workspace(row.workspace) == nullptr) {
      orphans.insert(row.workspace);
    }
  }
  impl_->orphans.assign(orphans.begin(), orphans.end());
  return {};
}

void SessionView::start() {
  impl_->deps.sessions.start();
  // Their workspaces went while the server was down, or died before it could let go.
  for (const auto& id : std::exchange(impl_->orphans, {})) {
    if (impl_->deps.directory.workspace(id) == nullptr) impl_->deps.sessions.release(id, [] {});
  }
}

void SessionView::stop() {
  impl_->stopped = true;
  impl_->deps.sessions.stop();
}

void SessionView::reconcile(DriftLog& drift, std::function<void()> done) {
  impl_->read(drift, false, std::move(done));
}

void SessionView::workspace_changed(const workspace::WorkspaceRow& row) {
  (void)row;
  impl_->deps.sessions.relocate();
}

void SessionView::release(const model::WorkspaceId& id, std::function<void()> done) {
  impl_->deps.sessions.release(id, [weak = std::weak_ptr<Impl>(impl_), id, done = std::move(done)] {
    if (const auto self = weak.lock()) self->stated.erase(id);
    done();
  });
}

EngineSource SessionView::health() const {
  EngineSource source{"session", "live", age_ms(impl_->deps.clock.mono_now(), impl_->last_ok), ""};
  const auto health = impl_->deps.sessions.health();
  if (health.outside.empty()) return source;
  constexpr std::size_t kNamed = 3;
  source.detail = std::to_string(health.outside.size()) + " sessions run outside every workspace: ";
  for (std::size_t i = 0; i < std::min(kNamed, health.outside.size()); ++i) {
    source.detail += (i == 0 ? "" : ", ") + to_valid_utf8(health.outside[i]);
  }
  if (health.outside.size() > kNamed) source.detail += ", …";
  return source;
}

std::optional<model::WorkspaceId> SessionView::at(std::string_view directory) const {
  return workspace_at(impl_->deps.directory, directory);
}

}  // namespace sb::orchestration
