#pragma once

#include <string>

#include "sb/core/result.h"

#include "tools.h"

namespace sb::app {

struct ProjectAdd {
  std::string path;
  std::string name;            ///< empty: the repository's, or as it is
  std::string default_branch;  ///< what workspaces are compared with; empty: found out, or as it is
};

/// `snapboard project list`, `add PATH`, `remove ID|NAME|PATH`.
int project_list(const std::string& socket, Output output);
int project_add(const std::string& socket, const ProjectAdd& options, Output output);
int project_remove(const std::string& socket, const std::string& project);

/// The id of the project a person means: by id, name or path; empty: the repository we stand in, or
/// the only one there is. Errors: not_found; conflict, listing the candidates; those of `api_get`.
Result<std::string> find_project(const std::string& socket, const std::string& text);

}  // namespace sb::app
