#pragma once

#include <optional>
#include <string>

#include "sb/core/clock.h"
#include "sb/model/elements.h"
#include "sb/model/ids.h"

namespace sb::model {

/// A project as readers see it (protocol, section 2). External: first named by an event, without a
/// repository of ours.
struct ProjectInfo {
  ProjectId id;
  std::string name;
  std::optional<std::string> repoPath;
  std::optional<std::string> defaultBranch;
  bool external = false;
  std::optional<Problem> problem;  ///< for instance a bare repository without worktrees
  std::optional<WallTime> createdAt;
  friend bool operator==(const ProjectInfo&, const ProjectInfo&) = default;
};

}  // namespace sb::model
