#pragma once

#include <memory>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/orchestration/own_domain.h"
#include "sb/session/session_service.h"

namespace sb::orchestration {

/// The sessions of our own domain on their way into the store: each as an element of its workspace,
/// what it asks as another. Also tells the domain which workspace holds a directory. Thread:
/// confined to the loop. Borrows everything it is given; must go before the service.
class SessionView final : public OwnDomain, public session::WorkspaceLocator {
 public:
  struct Deps {
    session::SessionService& sessions;
    const WorkspaceDirectory& directory;
    OwnFactSink& facts;
    const Clock& clock;
    Logger log;
  };
  explicit SessionView(Deps deps);
  ~SessionView() override;

  Result<void> load() override;
  void start() override;
  void stop() override;
  void reconcile(DriftLog& drift, std::function<void()> done) override;
  void workspace_changed(const workspace::WorkspaceRow& row) override;
  void release(const model::WorkspaceId& id, std::function<void()> done) override;
  [[nodiscard]] EngineSource health() const override;

  [[nodiscard]] std::optional<model::WorkspaceId> at(std::string_view directory) const override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight
};

}  // namespace sb::orchestration
