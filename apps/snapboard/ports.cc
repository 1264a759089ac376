#include "ports.h"

#include <utility>

namespace sb::app {
namespace {

transport::EventVerdict::Kind to_kind(orchestration::Ingest::Verdict::Kind kind) {
  using From = orchestration::Ingest::Verdict::Kind;
  using To = transport::EventVerdict::Kind;
  switch (kind) {
    case From::accepted:
      return To::accepted;
    case From::duplicate:
      return To::duplicate;
    case From::stale:
      return To::stale;
    case From::rejected:
      return To::rejected;
  }
  return To::rejected;
}

}  // namespace

void EnginePorts::submit(std::vector<model::ExternalEvent> events,
                         std::function<void(Result<transport::EventsAnswer>)> done) {
  engine_->submit(std::move(events),
                  [done = std::move(done)](Result<orchestration::Engine::EventsAnswer> answer) {
                    if (!answer) return done(std::move(answer).error());
                    transport::EventsAnswer out;
                    out.epoch = std::move(answer->epoch);
                    out.revision = answer->revision;
                    out.verdicts.reserve(answer->verdicts.size());
                    for (auto& verdict : answer->verdicts) {
                      out.verdicts.push_back({to_kind(verdict.kind), std::move(verdict.error)});
                    }
                    done(std::move(out));
                  });
}

void EnginePorts::register_project(RegisterProject request,
                                   std::function<void(Result<RegisteredProject>)> done) {
  engine_->register_project(
      std::move(request.repo_path), std::move(request.name), std::move(request.default_branch),
      [done = std::move(done)](Result<orchestration::Engine::Registered> made) {
        if (!made) return done(std::move(made).error());
        done(RegisteredProject{std::move(made->project), made->created, made->revision});
      });
}

void EnginePorts::remove_project(const model::ProjectId& id,
                                 std::function<void(Result<std::uint64_t>)> done) {
  engine_->remove_project(id, std::move(done));
}

void EnginePorts::reconcile(const model::ProjectId& id,
                            std::function<void(Result<std::uint64_t>)> done) {
  engine_->reconcile(id, std::move(done));
}

void EnginePorts::refresh_pull_request(const model::WorkspaceId& id,
                                       std::function<void(Result<std::uint64_t>)> done) {
  github_->refresh(id, std::move(done));
}

void EnginePorts::set_ratchet(const model::WorkspaceId& id, bool enabled,
                              std::function<void(Result<std::uint64_t>)> done) {
  ratchet_->set_enabled(id, enabled, std::move(done));
}

Result<void> EnginePorts::take_github_webhook(transport::GithubDelivery delivery) {
  return github_->take_webhook({std::move(delivery.event), std::move(delivery.id),
                                std::move(delivery.signature), std::move(delivery.body)});
}

bool EnginePorts::ready() const {
  return engine_->ready();
}

std::vector<transport::SourceHealth> EnginePorts::sources() const {
  std::vector<transport::SourceHealth> list;
  for (auto& source : engine_->sources()) {
    list.push_back({std::move(source.name), std::move(source.state), source.last_ok_age_ms,
                    std::move(source.detail)});
  }
  return list;
}

transport::ReconciliationInfo EnginePorts::reconciliation() const {
  const auto info = engine_->reconciliation();
  return {info.last_at, info.events_since, info.last_drift};
}

}  // namespace sb::app
