#pragma once

#include <string>

#include "sb/core/result.h"

namespace sb::app {

struct Handover {
  std::string repository;
  std::string page_url;
  std::string socket;
};

/// Registers the repository that holds `directory` with the server that owns `data_dir`. Waits a
/// little for a server that is just starting. Errors: unavailable, invalid_argument (not a
/// repository).
Result<Handover> hand_repository_over(const std::string& data_dir, const std::string& directory);

}  // namespace sb::app
