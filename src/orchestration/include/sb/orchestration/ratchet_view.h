#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/github/types.h"
#include "sb/orchestration/own_domain.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/snapshot/store.h"

namespace sb::orchestration {

/// Auto-fix as facts (`ratchetEnabled` and the dispatch record; `ratchetState` follows from them),
/// and what the domain knows of the others: pull requests, worktrees, who works in them. A
/// workspace that was never switched on is known to be off. Thread: confined to the loop. Borrows
/// everything it is given; must go before the service.
class RatchetView final : public OwnDomain, public ratchet::Surroundings {
 public:
  /// Asks GitHub for the pull request of a workspace now.
  using Look =
      std::function<void(const model::WorkspaceId&, std::function<void(Result<std::uint64_t>)>)>;
  struct Deps {
    ratchet::RatchetService& service;
    const WorkspaceDirectory& directory;
    OwnFactSink& facts;
    const snapshot::Store& store;
    const Clock& clock;
    Look look;
    Logger log;
  };
  explicit RatchetView(Deps deps);
  ~RatchetView() override;

  /// The switch. Answers the revision with its effect. Errors: not_found (no such workspace),
  /// conflict (archived).
  void set_enabled(const model::WorkspaceId& id, bool enabled,
                   std::function<void(Result<std::uint64_t>)> done);
  /// A pull request was told.
  void pull_request(const github::PrRow& row);

  Result<void> load() override;
  void start() override;
  void stop() override;
  void reconcile(DriftLog& drift, std::function<void()> done) override;
  void workspace_changed(const workspace::WorkspaceRow& row) override;
  void agent_stopped(const model::WorkspaceId& id) override;
  void halt(const model::WorkspaceId& id, std::function<void()> done) override;
  void release(const model::WorkspaceId& id, std::function<void()> done) override;
  [[nodiscard]] EngineSource health() const override;

  [[nodiscard]] std::optional<std::string> worktree(const model::WorkspaceId& id) const override;
  [[nodiscard]] bool taken(const model::WorkspaceId& id) const override;
  void look(const model::WorkspaceId& id, std::function<void(Result<void>)> done) override;

 private:
  void read(DriftLog& drift, std::function<void()> done, bool again);
  bool apply(const ratchet::Contents& contents, snapshot::Update::Cause cause, DriftLog* drift);

  Deps deps_;
  std::unordered_set<model::WorkspaceId> known_;    // stated once
  std::unordered_set<model::WorkspaceId> orphans_;  // of rows without a workspace, found at start
  std::optional<MonoTime> last_ok_;
};

}  // namespace sb::orchestration
