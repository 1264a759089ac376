#pragma once

#include <utility>

#include "sb/orchestration/own_domain.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/transport/output_sink.h"

namespace sb::app {

/// Plugs the output of fixers into what transport asks for. Thread: confined to the loop.
class FixerOutput final : public transport::OutputSink {
 public:
  FixerOutput(ratchet::RatchetService& service, const orchestration::WorkspaceDirectory& directory)
      : service_(&service), directory_(&directory) {}

  void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
              std::chrono::milliseconds wait,
              std::function<void(Result<OutputPiece>)> done) override {
    if (directory_->workspace(id) == nullptr) {
      return done(fail(ErrorCode::not_found, "There is no such workspace."));
    }
    service_->output(id, from, bytes_max, wait, std::move(done));
  }

 private:
  ratchet::RatchetService* service_;
  const orchestration::WorkspaceDirectory* directory_;
};

}  // namespace sb::app
