#pragma once

#include <string>

#include "sb/core/result.h"

namespace sb::workspace {

/// The name of a folder as valid UTF-8 of at most WorkspaceService::kNameBytesMax bytes.
[[nodiscard]] std::string folder_name(const std::string& path);
/// The name of a repository by its main path: the folder's, without ".git"; a hidden folder
/// (".bare") gives its parent's.
[[nodiscard]] std::string repository_name(const std::string& main_path);

/// A name a user chose. Errors: invalid_argument (empty, blank, too long, not UTF-8, control
/// characters).
Result<void> check_name(const std::string& name);
/// A branch name a user chose. Errors: invalid_argument where git would not accept it as one.
Result<void> check_branch(const std::string& branch);

}  // namespace sb::workspace
