#pragma once

#include <string>

#include "sb/core/result.h"
#include "sb/snapshot/view.h"

#include "url.h"

namespace sb::transport {

/// The view a read below `/api/projects/{project}` asks for: `?view=` as JSON, as in the hello of
/// `/sync`, and of the same project; without it everything of the project. `*` is all projects.
/// Errors: invalid_argument with the path into the view.
[[nodiscard]] Result<snapshot::View> view_param(const Target& target, const std::string& project);

}  // namespace sb::transport
