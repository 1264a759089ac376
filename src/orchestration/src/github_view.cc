#include "sb/orchestration/github_view.h"

#include <chrono>
#include <utility>

#include "drift.h"

namespace sb::orchestration {
namespace {

using model::Facts;

model::FactPatch to_facts(const github::PrRow& row) {
  model::FactPatch patch;
  patch.set<&Facts::prNumber>(row.number);
  patch.set<&Facts::prUrl>(row.number ? std::optional(row.url) : std::nullopt);
  // Of a branch that was not asked for yet nothing more is known, and what was known is of another.
  if (!row.observed) return patch;
  patch.set<&Facts::prState>(row.state);
  patch.set<&Facts::prCiStatus>(row.ci);
  patch.set<&Facts::prUpdatedAt>(row.number ? std::optional(row.updated_at) : std::nullopt);
  patch.set<&Facts::prReviewState>(row.review);
  patch.set<&Facts::prHeadBranch>(row.number ? std::optional(row.head_branch) : std::nullopt);
  if (row.conflict || !row.number) patch.set<&Facts::hasMergeConflict>(row.conflict == true);
  return patch;
}

/// A worktree that can be looked at.
bool is_there(const workspace::WorkspaceRow& row) {
  return !model::is_hidden(row.status) && workspace::can_be_read(row);
}

std::string_view state_text(github::Health::State state) {
  using State = github::Health::State;
  switch (state) {
    case State::live:
      return "live";
    case State::unknown:
      return "unknown";
    case State::rate_limited:
      return "rate_limited";
    case State::unreachable:
      return "unreachable";
  }
  return "unknown";
}

}  // namespace

GithubView::GithubView(Deps deps) : deps_(std::move(deps)), webhooks_(deps_.webhook_secret) {
  deps_.github.listen({[this](const github::PrRow& row) { take(row); },
                       [this](std::int64_t count) { deps_.store.set_review_count(count); }});
}

void GithubView::on_pull_request(std::function<void(const github::PrRow&)> listener) {
  listener_ = std::move(listener);
}

void GithubView::refresh(const model::WorkspaceId& id,
                         std::function<void(Result<std::uint64_t>)> done) {
  deps_.github.refresh(
      id, [weak = std::weak_ptr(alive_), this, done = std::move(done)](const Result<void>& asked) {
        if (!weak.lock()) return;
        if (!asked) return done(tl::unexpected(asked.error()));
        done(deps_.store.head());
      });
}

Result<void> GithubView::take_webhook(const github::Delivery& delivery) {
  SB_TRY(const auto hint, webhooks_.take(delivery));
  if (hint) deps_.github.hint(*hint);
  return {};
}

Result<void> GithubView::load() {
  SB_TRY(const auto contents, deps_.github.load());
  for (const auto& row : contents.rows) {
    const auto* workspace = deps_.directory.workspace(row.workspace);
    if (workspace == nullptr) {
      deps_.github.remove(row.workspace, [] {});  // its end was missed
    } else if (workspace->branch_name.value_or("") == row.branch) {
      take(row);
    }
  }
  return {};
}

void GithubView::start() {
  deps_.directory.each_workspace(
      [this](const workspace::WorkspaceRow& row) { workspace_changed(row); });
  deps_.github.start();
}

void GithubView::stop() {
  alive_.reset();
  deps_.github.stop();
}

void GithubView::take(const github::PrRow& row) {
  deps_.facts.state(row.workspace, {0, row.stamp, 0}, to_facts(row), "event:pr_snapshot_updated",
                    snapshot::Update::Cause::event);
  if (listener_) listener_(row);
}

void GithubView::reconcile(DriftLog& drift, std::function<void()> done) {
  read_rows(drift, false, done);
}

// Fence, read, apply. A key that was newer than the read gets one more.
void GithubView::read_rows(DriftLog& drift, bool again, const std::function<void()>& done) {
  deps_.github.read([weak = std::weak_ptr(alive_), this, &drift, again,
                     done](const Result<github::Contents>& read) {
    if (!weak.lock()) return;
    const bool rejected = read && apply(*read, drift);
    if (rejected && !again) return read_rows(drift, true, done);
    done();
  });
}

bool GithubView::apply(const github::Contents& contents, DriftLog& drift) {
  bool rejected = false;
  for (const auto& row : contents.rows) {
    const auto* workspace = deps_.directory.workspace(row.workspace);
    if (workspace == nullptr || workspace->branch_name.value_or("") != row.branch) continue;
    const auto applied = deps_.facts.state(row.workspace, {0, contents.fence, 0}, to_facts(row),
                                           "reconciliation", snapshot::Update::Cause::pass);
    rejected = rejected || !applied.rejected.empty();
    drift.note(row.workspace, applied);
  }
  return rejected;
}

void GithubView::workspace_changed(const workspace::WorkspaceRow& row) {
  const auto* project = deps_.directory.project(row.project);
  if (project == nullptr || !is_there(row)) return;
  deps_.github.put({row.id, row.git_dir, project->common_dir});
}

void GithubView::git_moved(const model::WorkspaceId& id) {
  deps_.github.moved(id);
}

void GithubView::agent_stopped(const model::WorkspaceId& id) {
  deps_.github.idle(id);
}

void GithubView::release(const model::WorkspaceId& id, std::function<void()> done) {
  deps_.github.remove(id, std::move(done));
}

EngineSource GithubView::health() const {
  const auto health = deps_.github.health();
  return {"github", std::string(state_text(health.state)),
          age_ms(deps_.clock.mono_now(), health.last_ok), health.detail};
}

}  // namespace sb::orchestration
