#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sb/core/clock.h"
#include "sb/core/result.h"
#include "sb/github/github_service.h"
#include "sb/github/webhook.h"
#include "sb/orchestration/own_domain.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// What GitHub is known to say, on its way into the store: rows as facts, the review count as its
/// own word, and the pass that repairs both. Tells the domain which workspaces there are. Thread:
/// confined to the loop. Borrows everything it is given.
class GithubView final : public OwnDomain {
 public:
  struct Deps {
    github::GithubService& github;
    const WorkspaceDirectory& directory;
    OwnFactSink& facts;
    snapshot::Store& store;
    const Clock& clock;
    std::string webhook_secret;  ///< empty: webhooks are refused
  };
  explicit GithubView(Deps deps);

  /// Called for every row told, after its facts: for who decides by pull requests.
  void on_pull_request(std::function<void(const github::PrRow&)> listener);
  /// Asks GitHub now; answers the revision with what it said. Errors: those of
  /// GithubService::refresh.
  void refresh(const model::WorkspaceId& id, std::function<void(Result<std::uint64_t>)> done);

  /// Looks at what a genuine webhook is about. Errors: those of github::Webhooks::take.
  Result<void> take_webhook(const github::Delivery& delivery);

  Result<void> load() override;
  void start() override;
  void stop() override;
  void reconcile(DriftLog& drift, std::function<void()> done) override;
  void workspace_changed(const workspace::WorkspaceRow& row) override;
  void git_moved(const model::WorkspaceId& id) override;
  void agent_stopped(const model::WorkspaceId& id) override;
  void release(const model::WorkspaceId& id, std::function<void()> done) override;
  [[nodiscard]] EngineSource health() const override;

 private:
  void take(const github::PrRow& row);
  void read_rows(DriftLog& drift, bool again, const std::function<void()>& done);
  bool apply(const github::Contents& contents, DriftLog& drift);

  Deps deps_;
  github::Webhooks webhooks_;
  std::function<void(const github::PrRow&)> listener_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for answers after our end
};

}  // namespace sb::orchestration
