#pragma once

#include "sb/orchestration/own_domain.h"
#include "sb/run_script/run_script_service.h"
#include "sb/snapshot/store.h"
#include "sb/transport/run_script_sink.h"

namespace sb::app {

/// Plugs the run script domain into what transport asks for. Thread: confined to the loop.
class RunScriptPort final : public transport::RunScriptSink {
 public:
  RunScriptPort(run_script::RunScriptService& service,
                const orchestration::WorkspaceDirectory& directory, const snapshot::Store& store)
      : service_(&service), directory_(&directory), store_(&store) {}

  void start(const model::WorkspaceId& id, std::optional<std::vector<std::string>> command,
             Done done) override;
  void stop(const model::WorkspaceId& id, Done done) override;
  void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
              std::chrono::milliseconds wait,
              std::function<void(Result<OutputPiece>)> done) override;

 private:
  [[nodiscard]] run_script::RunScriptService::Done answer(Done done) const;
  run_script::RunScriptService* service_;
  const orchestration::WorkspaceDirectory* directory_;
  const snapshot::Store* store_;
};

}  // namespace sb::app
