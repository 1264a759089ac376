#pragma once

#include <optional>
#include <string>

#include "sb/core/result.h"

namespace sb::app {

struct Handover {
  std::string repository;  ///< the folder in it that was named; empty: none was handed over
  std::string page_url;
  std::string socket;
};

/// Registers the repository that holds `directory`, if one is given, with the server that owns
/// `data_dir`. Errors: invalid_argument (not a repository), conflict (it cannot be asked until it
/// is restarted); anything else may be another thing in a moment, because the server starts, or
/// ends.
Result<Handover> hand_repository_over(const std::string& data_dir,
                                      const std::optional<std::string>& directory);

}  // namespace sb::app
