#pragma once

#include "sb/orchestration/engine.h"
#include "sb/snapshot/store.h"
#include "sb/transport/workspace_sink.h"
#include "sb/workspace/workspace_commands.h"
#include "sb/workspace/workspace_service.h"

namespace sb::app {

/// Plugs the workspace commands into what transport asks for, and what they need of other domains
/// into them. Thread: confined to the loop.
class WorkspacePort final : public transport::WorkspaceSink {
 public:
  WorkspacePort(workspace::WorkspaceCommands& commands, workspace::WorkspaceService& service,
                const orchestration::WorkspaceDirectory& directory, const snapshot::Store& store)
      : commands_(&commands), service_(&service), directory_(&directory), store_(&store) {}

  void create(Create wish, Done done) override;
  void retry(const model::WorkspaceId& id, Done done) override;
  void rename(const model::WorkspaceId& id, std::string name, Done done) override;
  void end(const model::WorkspaceId& id, End how,
           std::function<void(Result<std::uint64_t>)> done) override;
  void archived(const model::ProjectId& id,
                std::function<void(Result<ArchivedList>)> done) override;
  void put_back(const model::WorkspaceId& id, Done done) override;
  void setup_output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                    std::function<void(Result<OutputPiece>)> done) override;

 private:
  [[nodiscard]] workspace::WorkspaceCommands::RowDone answer(const model::WorkspaceId& id,
                                                             Done done) const;
  [[nodiscard]] Error explained(const model::WorkspaceId& id, Error error) const;
  workspace::WorkspaceCommands* commands_;
  workspace::WorkspaceService* service_;
  const orchestration::WorkspaceDirectory* directory_;
  const snapshot::Store* store_;
};

/// What the workspace commands ask of the other domains.
[[nodiscard]] workspace::WorkspacePorts workspace_ports(orchestration::Engine& engine);

}  // namespace sb::app
