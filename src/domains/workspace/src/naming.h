#pragma once

#include <string>
#include <string_view>

#include "sb/core/result.h"

namespace sb::workspace {

/// The name of a folder as valid UTF-8 of at most WorkspaceService::kNameBytesMax bytes.
[[nodiscard]] std::string folder_name(const std::string& path);
/// The name of a repository by its main path: the folder's, without ".git"; a hidden folder
/// (".bare") gives its parent's.
[[nodiscard]] std::string repository_name(const std::string& main_path);

/// A name a user chose, without the white space around it. Errors: invalid_argument with its path
/// (empty, blank, too long, not UTF-8, control characters).
Result<std::string> tidy_name(std::string_view name);
/// A branch name a user chose. Errors: invalid_argument where git would not accept it as one.
Result<void> check_branch(const std::string& branch);

}  // namespace sb::workspace
