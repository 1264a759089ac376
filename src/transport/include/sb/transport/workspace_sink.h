#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/output_piece.h"
#include "sb/core/result.h"
#include "sb/model/elements.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::transport {

/// What the workspace routes ask of the rest of the server. Every call and callback is on the loop.
struct WorkspaceSink {
  virtual ~WorkspaceSink() = default;

  struct Create {
    model::ProjectId project;
    std::string name;
    std::optional<std::string> branch;
    std::optional<std::string> from;
  };
  /// A workspace as it is after a command.
  struct State {
    model::WorkspaceId id;
    std::string name;
    model::WorkspaceStatus status = model::WorkspaceStatus::NEW;
    std::optional<std::string> branch;
    std::string worktree_path;   ///< UTF-8
    std::uint64_t revision = 0;  ///< includes the effect
  };
  using Done = std::function<void(Result<State>)>;
  /// Answers once the workspace is on the board; worktree and set-up follow. Errors: not_found,
  /// invalid_argument, conflict, limit_exceeded.
  virtual void create(Create wish, Done done) = 0;
  /// Sets a FAILED one up again. Errors: not_found, conflict.
  virtual void retry(const model::WorkspaceId& id, Done done) = 0;
  /// Errors: not_found, invalid_argument, conflict (known by events only).
  virtual void rename(const model::WorkspaceId& id, std::string name, Done done) = 0;

  struct End {
    bool remove_worktree = false;
    bool force = false;   ///< also what would be lost
    bool forget = false;  ///< a delete: with its worktree
  };
  /// Answers the revision once it is done. Errors: not_found, conflict (naming what would be lost).
  virtual void end(const model::WorkspaceId& id, End how,
                   std::function<void(Result<std::uint64_t>)> done) = 0;
  /// A workspace that was taken off the board and can come back.
  struct Archived {
    model::WorkspaceId id;
    std::string name;
    std::optional<std::string> branch;
    std::string worktree_path;  ///< UTF-8
    WallTime created_at{};
    std::optional<model::Problem> problem;  ///< why its worktree cannot be read
  };
  struct ArchivedList {
    std::vector<Archived> workspaces;  ///< newest first
    bool complete = true;              ///< false: the oldest ones are left out
  };
  /// Those of a project. Errors: not_found.
  virtual void archived(const model::ProjectId& id,
                        std::function<void(Result<ArchivedList>)> done) = 0;
  /// An archived one comes back as a new one with the same worktree. Errors: not_found, conflict.
  virtual void put_back(const model::WorkspaceId& id, Done done) = 0;

  /// What the set-up script wrote, from `from` on. Errors: not_found.
  virtual void setup_output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                            std::function<void(Result<OutputPiece>)> done) = 0;
};

}  // namespace sb::transport
