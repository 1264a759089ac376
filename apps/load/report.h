#pragma once

#include <string>

#include "options.h"
#include "run.h"

namespace sb::load {

/// The outcome for a person.
[[nodiscard]] std::string report_text(const Outcome& outcome);
/// The outcome as one JSON object; times in microseconds, sizes in bytes.
[[nodiscard]] std::string report_json(const Outcome& outcome);

}  // namespace sb::load
