#pragma once

#include "sb/orchestration/engine.h"
#include "sb/orchestration/github_view.h"
#include "sb/orchestration/ratchet_view.h"
#include "sb/transport/ports.h"

namespace sb::app {

/// Plugs the engine into what transport asks for; neither knows the other. Thread: confined to the
/// loop.
class EnginePorts final : public transport::EventSink,
                          public transport::CommandSink,
                          public transport::ServerStatus {
 public:
  EnginePorts(orchestration::Engine& engine, orchestration::GithubView& github,
              orchestration::RatchetView& ratchet)
      : engine_(&engine), github_(&github), ratchet_(&ratchet) {}

  void submit(std::vector<model::ExternalEvent> events,
              std::function<void(Result<transport::EventsAnswer>)> done) override;
  void register_project(RegisterProject request,
                        std::function<void(Result<RegisteredProject>)> done) override;
  void remove_project(const model::ProjectId& id,
                      std::function<void(Result<std::uint64_t>)> done) override;
  void reconcile(const model::ProjectId& id,
                 std::function<void(Result<std::uint64_t>)> done) override;
  void refresh_pull_request(const model::WorkspaceId& id,
                            std::function<void(Result<std::uint64_t>)> done) override;
  void set_ratchet(const model::WorkspaceId& id, bool enabled,
                   std::function<void(Result<std::uint64_t>)> done) override;
  Result<void> take_github_webhook(transport::GithubDelivery delivery) override;
  [[nodiscard]] bool ready() const override;
  [[nodiscard]] std::vector<transport::SourceHealth> sources() const override;
  [[nodiscard]] transport::ReconciliationInfo reconciliation() const override;

 private:
  orchestration::Engine* engine_;
  orchestration::GithubView* github_;
  orchestration::RatchetView* ratchet_;
};

}  // namespace sb::app
