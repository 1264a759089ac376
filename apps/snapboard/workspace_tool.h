#pragma once

#include <optional>
#include <string>

#include "tools.h"

namespace sb::app {

struct WorkspaceOptions {
  std::string socket;
  std::string workspace;  ///< of every command but `new`: id, name, branch or path
  std::string name;       ///< of `new` and `rename`
  std::string project;    ///< of `new`: id, name or path; empty: the repository we stand in
  std::string branch;     ///< empty: after the name
  std::string from;       ///< empty: the branch others are compared with
  bool wait = false;      ///< until the set-up ended
  bool remove_worktree = false;
  bool force = false;
  bool json = false;
};

/// `snapboard workspace new`: exit 1 also when it waited and the set-up failed.
int workspace_new(const WorkspaceOptions& options);
/// `snapboard workspace retry`: sets a failed one up again.
int workspace_retry(const WorkspaceOptions& options);
int workspace_rename(const WorkspaceOptions& options);
/// `snapboard workspace archive`: exit 1 with the names of what would be lost.
int workspace_archive(const WorkspaceOptions& options);
/// `snapboard workspace unarchive`: among those that were archived.
int workspace_unarchive(const WorkspaceOptions& options);
/// `snapboard workspace remove`: with its worktree; an archived one too.
int workspace_remove(const WorkspaceOptions& options);

}  // namespace sb::app
